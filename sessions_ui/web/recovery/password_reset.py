"""Where the password reset that the help desk has ordered is asked for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from sessions_ui.user_model import has_usable_password

# Where a password reset is asked for: allauth's page, Django's own.
PASSWORD_RESET_PAGES = ("account_reset_password", "password_reset")


def to_password_reset(request: HttpRequest, user: Any, address: str) -> str | None:
    """Return the page that asks for a password reset, for somebody who has a password. The default of
    `PASSWORD_RESET`."""
    if not has_usable_password(user):
        return None
    for name in PASSWORD_RESET_PAGES:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return None
