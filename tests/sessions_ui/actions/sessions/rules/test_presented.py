"""In which place the key of a session came."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import RequestFactory

from sessions_ui import context
from sessions_ui.actions.sessions.rules.presented import kind_of
from sessions_ui.models import digest_of
from sessions_ui.store import SessionStore
from tests.models import Session

APP, BROWSER = Session.Kind.APP, Session.Kind.BROWSER
KEY, COOKIE = "k" * 32, "c" * 32


def asking(client: str = "", **headers: str) -> Any:
    request = RequestFactory().get("/", headers=headers)
    request.COOKIES["sessionid"] = COOKIE
    request.session = SessionStore(COOKIE)
    if client:
        request.allauth = SimpleNamespace(headless=SimpleNamespace(client=client))  # type: ignore[attr-defined]
    return request


@pytest.mark.parametrize(
    ("request_", "key", "kind"),
    [
        (asking(), COOKIE, BROWSER),
        (asking(), None, BROWSER),
        (asking(), KEY, BROWSER),
        (asking("browser"), COOKIE, BROWSER),
        (asking("app"), None, APP),
        (asking("app"), KEY, APP),
        (asking(**{"X-Session-Token": KEY}), KEY, APP),
        (asking(**{"X-Session-Token": KEY}), COOKIE, BROWSER),
        (asking(**{"X-Session-Token": COOKIE}), COOKIE, APP),
        (asking(Authorization="Bearer x"), KEY, APP),
        (asking(Authorization="Bearer x"), COOKIE, BROWSER),
    ],
)
def test_a_key_is_of_the_kind_of_its_place(request_: Any, key: str | None, kind: Session.Kind) -> None:
    assert kind_of(request_, key) == kind


def test_outside_of_a_request_a_key_is_a_browsers() -> None:
    assert SessionStore(KEY).kind == BROWSER


def always_an_app(request: Any, key: str | None) -> str:
    return "app"


def test_a_project_says_by_a_callable_of_its_own_what_an_app_is(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SESSION_KIND": f"{__name__}.always_an_app"}
    token = context.begin(context.Acting(request=asking()))
    try:
        store = SessionStore(KEY)
        assert store.kind == APP and context.acting_app() is store
    finally:
        context.finish(token)


@pytest.mark.parametrize("prefix", ["\xffapp:", "app:", "\x00"])
def test_no_text_has_the_digest_of_an_apps_key(prefix: str) -> None:
    assert digest_of(KEY, APP) not in (digest_of(KEY), digest_of(prefix + KEY))
