"""The password reset that the help desk has ordered."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.password_reset import request_password_reset
from django.http import HttpRequest
from django.urls import reverse


def send_reset(request: HttpRequest, user: Any, address: str) -> str | None:
    """Mail a password reset to exactly the address that the mail went to, whatever addresses the account has by now.
    Returns None for people without a password, who recover at their provider. For `SESSIONS_UI["PASSWORD_RESET"]`."""
    if not user.has_usable_password() or not user.is_active:
        return None
    request_password_reset(request, address, [user], default_token_generator)
    return reverse("account_reset_password_done")
