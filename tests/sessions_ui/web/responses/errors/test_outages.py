"""What people see while the database is away: words and a time to come back, and nobody is signed out."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path

from sessions_ui.actions.endings.end import end_user_sessions
from tests.conftest import Browser
from tests.models import EndReason

pytestmark = pytest.mark.django_db

DEVICES = "/account/devices/"


def away(*args: Any) -> Any:
    error = OperationalError("the server closed the connection on somebody's secret")
    error.__cause__ = psycopg.OperationalError("the server closed the connection")
    raise error


def changes_something(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("done")
    response.set_cookie("of-the-view", "1")
    return away() if request.user.is_authenticated else response


def with_a_new_key(request: HttpRequest) -> HttpResponse:
    request.session.cycle_key()
    return away()


def forgiving(request: HttpRequest) -> HttpResponse:
    """A view that goes on where the database is away for a moment."""
    with connection.execute_wrapper(away), suppress(OperationalError):
        bool(request.user.is_authenticated)
    return HttpResponse(str(request.user.is_authenticated))


def wrong(request: HttpRequest) -> HttpResponse:
    raise ValueError


urlpatterns = [
    path("changes-something/", changes_something),
    path("with-a-new-key/", with_a_new_key),
    path("forgiving/", forgiving),
    path("wrong/", wrong),
    path("", include("config.urls")),
]
handler500 = "sessions_ui.web.responses.errors.outages.server_error"


@pytest.fixture(autouse=True)
def _urls() -> Any:
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def ada(user: Any) -> Browser:
    client = Browser()
    client.raise_request_exception = False
    client.sign_in(user)
    return client


def ask(client: Browser, url: str = DEVICES, accept: str = "text/html", method: str = "get") -> Any:
    with connection.execute_wrapper(away):
        return getattr(client, method)(url, HTTP_ACCEPT=accept)


def test_a_page_says_so_in_plain_words(ada: Browser) -> None:
    response = ask(ada)
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert response["Content-Type"] == "text/html; charset=utf-8"
    page = response.content.decode()
    assert "It doesn’t sign you out" in page
    assert "secret" not in page
    assert "no-store" in response["Cache-Control"]


@override_settings(LANGUAGE_CODE="de")
def test_the_words_are_in_the_readers_language(ada: Browser) -> None:
    assert "Sie bleiben angemeldet" in ask(ada).content.decode()


def test_a_program_gets_problem_details(ada: Browser) -> None:
    response = ask(ada, accept="application/json")
    assert response.status_code == 503
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["type"] == "urn:sessions-ui:unavailable"


def test_whoever_wants_neither_gets_a_line_of_text(ada: Browser) -> None:
    response = ask(ada, accept="*/*")
    assert response.status_code == 503
    assert response["Content-Type"] == "text/plain; charset=utf-8"


def test_no_cookie_is_touched_and_nobody_is_signed_out(ada: Browser) -> None:
    for accept in ("text/html", "application/json", "*/*"):
        assert not ask(ada, accept=accept).cookies
    assert ada.get(DEVICES).status_code == 200


def test_the_page_itself_asks_the_database_for_nothing(ada: Browser) -> None:
    asked = []

    def note(*args: Any) -> Any:
        asked.append(args)
        away()

    with connection.execute_wrapper(note):
        assert ada.get(DEVICES, HTTP_ACCEPT="text/html").status_code == 503
    assert len(asked) == 1, "the look-up of the session"


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_what_only_reads_has_changed_nothing(method: str, ada: Browser) -> None:
    answer = ask(ada, method=method, accept="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    if method != "head":
        assert answer.json()["type"] == "urn:sessions-ui:unavailable"


def test_what_should_have_changed_something_may_have(ada: Browser) -> None:
    response = ada.post("/changes-something/", HTTP_ACCEPT="text/html")
    assert response.status_code == 503
    assert "We can’t tell whether this was done" in response.content.decode()
    assert not response.cookies


@pytest.mark.django_db(transaction=True)
def test_a_key_that_was_replaced_before_it_reaches_the_browser(ada: Browser) -> None:
    response = ada.post("/with-a-new-key/")
    assert response.status_code == 503
    assert "sessionid" in response.cookies, "the old one is no good any more"
    assert ada.get(DEVICES).status_code == 200


def test_whoever_asks_again_in_the_same_request_is_still_signed_in(ada: Browser) -> None:
    """What was not found out is not "nobody"."""
    assert ada.get("/forgiving/").content == b"True"


def test_an_ended_session_is_refused_as_ever_when_the_database_is_back(ada: Browser, user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert ask(ada).status_code == 503
    assert ada.get(DEVICES).status_code == 302


def test_an_error_of_ours_is_still_a_500(ada: Browser) -> None:
    response = ada.get("/wrong/")
    assert response.status_code == 500
    assert "Retry-After" not in response
