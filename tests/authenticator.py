"""The app on somebody's phone that shows a code. allauth takes it for the 30 seconds in which it is shown; a test that
types it elsewhere sets MFA_TOTP_TOLERANCE to 1, in case the next one begins in between."""

from __future__ import annotations

import time

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value


def shown_code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // app_settings.TOTP_PERIOD))
