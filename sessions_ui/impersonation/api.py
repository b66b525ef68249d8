"""Use somebody's account in a request: `sessions_ui.impersonate()` and `sessions_ui.stop_impersonating()`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from sessions_ui.actions.impersonation import begin_impersonation, end_impersonation
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.exceptions import ImpersonationRefusal, ImpersonationRefused
from sessions_ui.models import Session
from sessions_ui.protocols import HasPk, UserLike
from sessions_ui.store import store_of
from sessions_ui.store.resolving import hides_keys


@hides_keys
def impersonate(request: HttpRequest, *, user: HasPk, actor: HasPk, reason: str) -> Session:
    """Let `actor`, who is signed in in this browser, use the account of `user`; return the session that does.

    The staff member's own session stays as it is and is not used meanwhile. `reason` is read by the user, and cut to
    255 characters. Raises `ImpersonationRefused`, a `PermissionDenied` that says why (docs/impersonation.md: who may);
    `SessionEnded` where the staff member's own session ended meanwhile; `TryAgain` or `OutcomeUnknown` as
    `end_sessions()` does.
    """
    store = store_of(request)
    origin = store.resolve() if store is not None else None
    if store is None or origin is None or origin.user_id != actor.pk:
        raise ImpersonationRefused(ImpersonationRefusal.NOT_SIGNED_IN)
    if store.modified:
        store.save()  # of the own session, such as a message for later
    key = store.new_key()
    session = begin_impersonation(
        origin=origin,
        digest=store.digest_of(key),
        user=user,
        actor=actor,
        reason=reason,
        client=client_of(request.META),
    )
    store.become(session, key, session.user)
    _go_on_as(request, session.user)
    return session


@hides_keys
def stop_impersonating(request: HttpRequest) -> UserLike:
    """Go back to the staff member's own session; return its user, or `AnonymousUser` where that session is over by now.

    Raises `ImpersonationRefused` where nobody's account is used, `TryAgain` or `OutcomeUnknown` as `end_sessions()`
    does.
    """
    store = store_of(request)
    session = store.resolve() if store is not None else None
    if store is None or session is None or session.impersonated_from_id is None:
        raise ImpersonationRefused(ImpersonationRefusal.NOT_IMPERSONATING)
    key, new_key = store.session_key, store.new_key()
    assert key is not None
    origin = end_impersonation(session=session, key=key, new_key=new_key)
    if origin is None:
        store.flush()
        _go_on_as(request, AnonymousUser())
        return request.user
    store.become(origin, new_key, origin.user)
    _go_on_as(request, origin.user)
    return origin.user


def _go_on_as(request: HttpRequest, user: Any) -> None:
    """Make the rest of this request, and every form from now on, that of `user`, as `login()` does."""
    request.user = request._cached_user = user  # type: ignore[attr-defined]
    rotate_token(request)
