"""Sign-ins of two steps as any host project makes them: a mark at the first step, `login()` at the last."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from sessions_ui.actions.sign_in.pending import begin_sign_in
from sessions_ui.exceptions import SignInRefused
from sessions_ui.store import SessionStore


def begin(user: Any) -> SessionStore:
    """The first step succeeded; the rest waits in an anonymous session."""
    session = SessionStore()
    begin_sign_in(session, user)
    session.save()
    return session


def complete(waiting: SessionStore, user: Any) -> SessionStore:
    """The last step, in a request of its own: `SignInRefused` where it does not count any more."""
    request = RequestFactory().post("/")
    request.session, request.user = SessionStore(waiting.session_key), AnonymousUser()
    fresh = get_user_model().objects.get(pk=user.pk)
    login(request, fresh, backend=settings.AUTHENTICATION_BACKENDS[0])
    return request.session


def is_let_in(waiting: SessionStore, user: Any) -> bool:
    """Whether the last step signs in whoever waits."""
    try:
        session = complete(waiting, user)
    except SignInRefused:
        return False
    return bool(SessionStore(session.session_key).get_user() == user)
