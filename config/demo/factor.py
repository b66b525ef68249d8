"""The authenticator app of the demo's agents: its codes are on a page, for whoever tries the demo."""

from __future__ import annotations

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

SECRET = "DEMODEMODEMODEMO"  # noqa: S105 - shown to everybody who runs the demo


def current_code() -> str:
    """Six digits, another one every 30 seconds; each is good for one sign-in."""
    return format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))
