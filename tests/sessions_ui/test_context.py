"""Which session acts: that of the request, also where the host has put another one into its place meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

import sessions_ui
from sessions_ui import context
from sessions_ui.store import SessionStore
from tests.an_app import app_store, session_of
from tests.conftest import PASSWORD
from tests.models import EndReason, Session

NEW_PASSWORD = "a horse of another colour"


def choose_password(request: HttpRequest) -> HttpResponse:
    """As allauth's headless API does it for an app, which brings no cookie but a token, the key of its session."""
    cookies = request.session
    request.session = SessionStore(request.headers["X-Session-Token"])
    try:
        user: Any = get_user(request)
        user.set_password(NEW_PASSWORD)
        user.save()
        update_session_auth_hash(request, user)
        request.session.save()
        return HttpResponse(request.session.session_key)
    finally:
        request.session = cookies


urlpatterns = [path("choose-password", choose_password)]


@pytest.mark.django_db
@pytest.mark.urls("tests.sessions_ui.test_context")
@pytest.mark.parametrize("has_cookie", [False, True])
def test_a_password_chosen_by_an_apps_token_keeps_the_session_of_the_token(
    user: Any, has_cookie: bool
) -> None:
    app, laptop = app_store(user), Client()
    assert laptop.login(username=user.email, password=PASSWORD)
    asking = laptop if has_cookie else Client()
    answer = asking.get("/choose-password", headers={"X-Session-Token": app.session_key})
    assert session_of(answer.content.decode()).is_living
    reasons = list(Session.objects.filter(user=user).order_by("pk").values_list("end_reason", flat=True))
    assert reasons == ["", EndReason.PASSWORD_CHANGED]


def test_there_is_one_ambient_value() -> None:
    sources = Path(sessions_ui.__path__[0]).rglob("*.py")
    assert [path.name for path in sources if "= ContextVar(" in path.read_text()] == ["context.py"]


def test_a_request_that_begins_in_a_step_of_a_recovery_is_none_of_it() -> None:
    with context.own_step(), context.told_together():
        assert context.is_own_step() and context.told_changes() == {} and context.current() is None
        token = context.begin(context.Acting())
        assert not context.is_own_step() and context.current() is not None
        context.finish(token)
        assert context.is_own_step()
    assert not context.is_own_step() and context.told_changes() is None


def test_a_step_of_a_recovery_is_one_of_the_request_that_does_it() -> None:
    acting = context.Acting()
    token = context.begin(acting)
    with context.own_step(), context.told_together():
        assert context.current() is acting and context.told_changes() is acting.told_changes
    context.finish(token)
