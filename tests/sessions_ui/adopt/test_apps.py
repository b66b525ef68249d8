"""No other engine knows which sessions are those of apps: an adopted one becomes an app's where an app uses it."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui.actions.adoption.adopt import adopt_all
from sessions_ui.adopt import SOURCES
from sessions_ui.store import SessionStore
from tests.an_app import App, session_of
from tests.models import Session
from tests.sessions_ui.adopt.conftest import OldSessions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]


def asks(key: str) -> int:
    phone = App()
    phone.token = key
    return int(phone.call("get", "auth/session").status_code)


def test_an_app_goes_on_after_all_were_adopted(user: Any, old_session: OldSessions, client_with: Any) -> None:
    key = old_session(user)
    adopt_all(source=SOURCES["db"])
    assert Session.objects.get().kind == Session.Kind.BROWSER
    assert asks(key) == 200 and asks(key) == 200
    assert session_of(key).kind == Session.Kind.APP
    assert client_with(key).get("/account/devices/").status_code == 302


def test_an_app_goes_on_where_its_request_comes_first(
    user: Any, old_session: OldSessions, adopting: Any
) -> None:
    adopting()
    key = old_session(user)
    assert asks(key) == 200
    assert session_of(key).user_id == user.pk and Session.objects.count() == 1


def test_a_browser_that_was_adopted_stays_one(user: Any, old_session: OldSessions, client_with: Any) -> None:
    key = old_session(user)
    adopt_all(source=SOURCES["db"])
    assert client_with(key).get("/account/devices/").status_code == 200
    assert Session.objects.get().kind == Session.Kind.BROWSER


def test_a_key_that_was_made_here_since_is_a_browsers(user: Any, old_session: OldSessions) -> None:
    key = old_session(user)
    adopt_all(source=SOURCES["db"])
    store = SessionStore(key)
    store.cycle_key()
    assert asks(store.session_key or "") == 410 and asks(key) == 410
    assert Session.objects.get().kind == Session.Kind.BROWSER


def test_an_adopted_session_that_has_ended_is_no_apps_either(user: Any, old_session: OldSessions) -> None:
    key = old_session(user)
    adopt_all(source=SOURCES["db"])
    SessionStore(key).delete()
    assert asks(key) == 410
    assert Session.objects.get().kind == Session.Kind.BROWSER
