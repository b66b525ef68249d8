"""Which addresses may reset a password, and the reset that the help desk has ordered."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.models import EmailAddress
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.credentials.addresses import REMEMBERED
from accounts.models import VerifiedAddress
from sessions_ui.models import ServiceAccount


def send_reset(request: HttpRequest, user: Any, address: str) -> str | None:
    """Mail a password reset to exactly the address that the mail went to, whatever addresses the account has by now.
    Returns None for people without a password, who recover at their provider, and for service accounts, to which nobody
    signs in. For `SESSIONS_UI["PASSWORD_RESET"]`."""
    if not user.has_usable_password() or not user.is_active or ServiceAccount.is_one(user.pk):
        return None
    request_password_reset(request, address, [user], default_token_generator)
    return reverse("account_reset_password_done")


def may_reset(user: Any, address: str) -> bool:
    """Return whether mail to this address may reset the password: the account's own or a confirmed one, one that was
    confirmed and that its owner has not removed, or any where none was ever confirmed."""
    if user.email.lower() == address.lower():
        return True
    confirmed = EmailAddress.objects.filter(user_id=user.pk, verified=True)
    if confirmed.filter(email__iexact=address).exists():
        return True
    former = VerifiedAddress.objects.filter(user_id=user.pk, email=address.lower()).first()
    if former is not None and former.recovers:
        return former.removed_at is None or former.removed_at > timezone.now() - REMEMBERED
    return not confirmed.exists()
