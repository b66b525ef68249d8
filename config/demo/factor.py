"""The authenticator app of the demo's agents: its codes are shown on a page, for whoever tries the demo."""

from __future__ import annotations

import time

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

SECRET = "DEMODEMODEMODEMO"  # noqa: S105 - shown to everybody who runs the demo


def current_code(secret: str = SECRET, *, before: int = 0) -> str:
    """Return the six digits of a code. There is another one every 30 seconds, each good for one sign-in; `before`: the
    one of so many periods ago. Tests that type it elsewhere set MFA_TOTP_TOLERANCE to 1, in case the next one begins in
    between."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // app_settings.TOTP_PERIOD - before))
