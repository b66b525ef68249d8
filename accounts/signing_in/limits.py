"""Tries of its own for whoever is known, where allauth and the site count by the account.

By the account alone, whoever guesses uses up the tries of its owner: by the pages of those who are signed in, with the
password or an old cookie, at the second step of a sign-in with the password, and at the first with nothing but an
address and many networks. So a session that vouches for itself has tries of its own, and so has, while it signs in, a
browser that has signed in to the account before, or has just reset its password by a mailed link. Everybody else has
the count of all still: many sessions must not be many tries.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.stagekit import unstash_login
from allauth.account.internal.userkit import filter_users_by_email
from allauth.core.internal import ratelimit
from django.http import HttpRequest

from sessions_ui import acts_settled, known_device

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
SECOND_STEP = "mfa_authenticate"  # of a sign-in, counted by the account alone as well
ANYWHERE = "login_failed_anywhere"  # the tries to sign in to an account from all networks together
KNOWN = "login_failed_known"  # the limit of a browser that is known, while it signs in
RESET = "accounts_reset"  # in the session: whose password was reset here, and when
RESET_AGE = 3600  # seconds for which that counts


def with_own_tries(name: str, view: View) -> View:
    """Decorate the view of allauth's that has this name: what others have tried does not hold up whoever acts in a
    session that vouches for itself, as long as that session has tries of its own left."""
    if name not in COUNTED and name != SECOND_STEP:
        return view

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if name == SECOND_STEP:
            free_second_step(request)
        elif request.method == "POST" and has_own_try(request, name):
            forget_tries(request, COUNTED[name], request.user)
        return view(request, *args, **kwargs)

    return counted


def has_own_try(request: HttpRequest, name: str) -> bool:
    if not request.user.is_authenticated or not acts_settled(user=request.user):
        return False
    session_id = request.session.session_id  # type: ignore[attr-defined]
    return bool(ratelimit.consume(request, app=APP, action=OWN, key=f"{name} {session_id}"))


def forget_tries(request: HttpRequest, actions: tuple[str, ...], user: Any) -> None:
    """Forget what was counted for this account. Factors are counted by a key that allauth makes of it."""
    for action in actions:
        ratelimit.clear(request, app=APP, action=action, key=f"mfa-auth-user-{user.pk}", user=user)


def free_second_step(request: HttpRequest) -> None:
    """Forget what others have tried at the second step, where whoever tries it now is known and has a try left."""
    if request.method != "POST" or request.user.is_authenticated:
        return
    login = unstash_login(request, peek=True)
    if login is not None and consume_own(request, login.user) is not None:
        forget_tries(request, ("login_failed",), login.user)


def own_try(request: HttpRequest, name: str) -> ratelimit.RateLimitUsage | None:
    """Return the try that this browser has at the account of that name, beside all others; None where it has none."""
    users = filter_users_by_email(name, is_active=True, prefer_verified=True)
    return consume_own(request, users[0]) if users else None


def consume_own(request: HttpRequest, user: Any) -> ratelimit.RateLimitUsage | None:
    device = known_device(request, user=user) or ("reset" if has_just_reset(request, user) else None)
    if device is None:
        return None
    return ratelimit.consume(request, app=APP, action=KNOWN, key=f"{user.pk} {device}")


def remember_reset(request: HttpRequest, name: str) -> None:
    """Remember in this browser's session that the password of the account of this name was reset in it."""
    request.session[RESET] = request.session.get(RESET, {}) | {name: time.time()}


def has_just_reset(request: HttpRequest, user: Any) -> bool:
    at = request.session.get(RESET, {}).get(str(user.email).lower(), 0)
    return bool(at > time.time() - RESET_AGE)
