"""Tries of its own for a session that vouches for itself, on the pages where allauth counts by the account alone.

By the account alone, whoever has the password or an old cookie uses up the tries of its owner by guessing wrong. Who
signs in, and who is signed in on a device that is new, has allauth's count still: many sessions must not be many tries.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.internal import ratelimit
from django.http import HttpRequest

from sessions_ui import acts_settled

View = Callable[..., Any]
APP = "allauth.account"
# The limits (ACCOUNT_RATE_LIMITS) of each page that count by the account, by the name of its URL.
COUNTED: dict[str, tuple[str, ...]] = {
    "account_reauthenticate": ("reauthenticate",),
    "mfa_reauthenticate": ("reauthenticate", "login_failed"),
    "mfa_reauthenticate_webauthn": ("reauthenticate", "login_failed"),
    "mfa_activate_totp": ("login_failed",),
    "account_change_password": ("change_password",),
    "account_set_password": ("change_password",),
    "account_email": ("manage_email",),
}
OWN = "settled"  # the limit that holds in their place


def with_own_tries(name: str, view: View) -> View:
    """Decorate the view of allauth's that has this name: what others have tried does not hold up whoever acts in a
    session that vouches for itself, as long as that session has tries of its own left."""
    if name not in COUNTED:
        return view

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and has_own_try(request, name):
            forget_tries(request, COUNTED[name])
        return view(request, *args, **kwargs)

    return counted


def has_own_try(request: HttpRequest, name: str) -> bool:
    if not request.user.is_authenticated or not acts_settled(user=request.user):
        return False
    session_id = request.session.session_id  # type: ignore[attr-defined]
    return bool(ratelimit.consume(request, app=APP, action=OWN, key=f"{name} {session_id}"))


def forget_tries(request: HttpRequest, actions: tuple[str, ...]) -> None:
    """Forget what was counted for this account. Factors are counted by a key that allauth makes of it."""
    user: Any = request.user
    for action in actions:
        ratelimit.clear(request, app=APP, action=action, key=f"mfa-auth-user-{user.pk}", user=user)
