"""A value on its way to the page that shows it once: what the server keeps, and what the browser has."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpResponse

from sessions_ui.web.responses.shown_once import KEY, MOST, forget_value, led_to_value, take_value

VALUE = "sui_pat_0123456789abcdefghijklmnopqrstuvwxyz"
PAGE = "/tokens/a/value/"


@pytest.fixture
def session(settings: Any) -> Any:
    return SessionStore()


def asked_for(rf: Any, session: Any, page: str = PAGE, cookies: Any = None) -> Any:
    request = rf.get(page)
    request.session = session
    request.COOKIES = {name: morsel.value for name, morsel in (cookies or {}).items()}
    return request


def led(rf: Any, session: Any, page: str = PAGE, value: str = VALUE) -> Any:
    request = rf.post("/tokens/new/")
    request.session = session
    return led_to_value(request, value, page=page)


@pytest.mark.parametrize("value", [VALUE, "", "Grüße 密", "x" * 500])
def test_the_page_gets_the_value_once(rf: Any, session: Any, value: str) -> None:
    response = led(rf, session, value=value)
    assert (response.status_code, response.url) == (302, PAGE)
    assert take_value(asked_for(rf, session, cookies=response.cookies)) == value
    assert take_value(asked_for(rf, session, cookies=response.cookies)) is None


def test_neither_half_says_anything_of_the_value(rf: Any, session: Any) -> None:
    """The same value twice: both halves are others, so neither depends on it alone."""
    first = led(rf, session)
    kept = session[KEY][PAGE]
    second = led(rf, session)
    assert session[KEY][PAGE] != kept
    assert [morsel.value for morsel in first.cookies.values()] != [m.value for m in second.cookies.values()]
    assert take_value(asked_for(rf, session, cookies=first.cookies)) != VALUE, "halves of different times"


def test_the_browsers_half_goes_to_that_page_only_for_a_minute(rf: Any, session: Any, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    ((name, morsel),) = led(rf, session).cookies.items()
    assert name.startswith("__Secure-once-")
    assert (morsel["path"], morsel["max-age"], morsel["samesite"]) == (PAGE, 60, "Strict")
    assert morsel["secure"] and morsel["httponly"]


def test_another_page_gets_nothing_and_takes_nothing(rf: Any, session: Any) -> None:
    response = led(rf, session)
    assert take_value(asked_for(rf, session, "/tokens/b/value/", response.cookies)) is None
    assert take_value(asked_for(rf, session, cookies=response.cookies)) == VALUE


@pytest.mark.parametrize("half", ["", "x", "é", "%%%", "AAAA", "A" * 5000])
def test_what_a_browser_makes_up_is_no_value_and_no_error(rf: Any, session: Any, half: str) -> None:
    response = led(rf, session)
    request = asked_for(rf, session)
    request.COOKIES = dict.fromkeys(response.cookies, half)
    assert take_value(request) is None


def test_forms_in_several_tabs_do_not_disturb_each_other(rf: Any, session: Any) -> None:
    pages = [f"/tokens/{number}/value/" for number in range(MOST + 1)]
    responses = [led(rf, session, page, f"value {page}") for page in pages]
    got = [
        take_value(asked_for(rf, session, page, response.cookies))
        for page, response in zip(pages, responses, strict=True)
    ]
    assert got == [None, *(f"value {page}" for page in pages[1:])], "the oldest makes room"


def test_the_page_that_shows_it_deletes_the_half(rf: Any, session: Any) -> None:
    response = HttpResponse()
    forget_value(asked_for(rf, session), response)
    ((name, morsel),) = response.cookies.items()
    assert name in led(rf, session).cookies
    assert (morsel.value, morsel["max-age"], morsel["path"]) == ("", 0, PAGE)
