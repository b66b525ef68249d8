"""What the screen of a signed-out device says, which may be in a thief's hand."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from sessions_ui.web.responses.errors.later import busy, keeps_cookies, straggler_response, try_again
from sessions_ui.web.responses.navigation import is_page_navigation, wants_json
from sessions_ui.web.responses.notice import forget_shown_notice, leave_notice, read_notice
from sessions_ui.web.responses.redirects import sign_in_url, turns_away
from sessions_ui.web.responses.refusals import signed_out, worded
from sessions_ui.web.responses.words import words
from tests.conftest import PAGE
from tests.models import EndReason, Session

NAMED = {
    "idle_timeout": "You were signed out because this device was not used for a while.",
    "unused": "You were signed out because this device was unused for months.",
    "absolute_timeout": "You were signed out because the sign-in reached its time limit.",
    "password_changed": "You were signed out because the password was changed.",
    "password_reset": "You were signed out because the password was reset.",
    "superseded": "You were signed out because of a newer sign-in in this browser.",
    "provider_sign_out": "You were signed out at your sign-in provider.",
    "password_required": (
        "You need a new password before you can sign in. Ask for one as if you’d forgotten yours."
    ),
    "offboarded": "Access to this account ended on the agreed date.",
    "session_limit": "Too many devices are signed in to this account at the same time.",
}
# A thief must not read that somebody has noticed, nor who.
UNNAMED = [
    "signed_out",
    "signed_out_remotely",
    "signed_out_everywhere",
    "factor_changed",
    "email_changed",
    "access_changed",
    "account_disabled",
    "account_deleted",
    "device_lost",
    "not_me",
    "suspicious",
    "help_desk",
    "administrator",
    "incident",
    "owner_ended",
    "api",
]


@pytest.mark.parametrize(("reason", "sentence"), NAMED.items())
def test_a_harmless_reason_is_named(reason: str, sentence: str) -> None:
    assert words(reason) == sentence


@pytest.mark.parametrize("reason", [*UNNAMED, None, ""])
def test_any_other_reason_is_not(reason: str | None) -> None:
    assert words(reason) == "You were signed out."


@pytest.mark.control("SP 800-53 AC-12(2)")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reason", "in_the_cookie"),
    [(reason, reason) for reason in NAMED] + [(reason, "unnamed") for reason in UNNAMED],
)
def test_the_sign_in_page_says_it_once_and_the_cookie_holds_no_other_reason(
    reason: str, in_the_cookie: str, user: Any, browser: Any
) -> None:
    client = browser()
    client.force_login(user)
    Session.objects.update(ended_at=timezone.now(), end_reason=reason)
    response = client.get("/account/devices/")
    assert response.cookies["signed_out"].value == in_the_cookie
    sentence = NAMED.get(reason, "You were signed out.")
    assert sentence in client.get(response.url).content.decode()
    assert sentence not in client.get(response.url).content.decode()


TO_SIGN_IN = "/account/login/?next=/"


@pytest.mark.parametrize("status", [301, 302, 303, 307])
def test_a_redirect_turns_away_only_where_it_leads_to_the_sign_in_page(status: int) -> None:
    assert turns_away(HttpResponse(status=status, headers={"Location": TO_SIGN_IN}))
    assert not turns_away(HttpResponse(status=status, headers={"Location": "/elsewhere/"}))
    assert not turns_away(HttpResponse(status=status))


@pytest.mark.parametrize(
    ("status", "does"), [(401, True), (403, True), (200, False), (404, False), (500, False)]
)
def test_of_other_answers_only_those_of_missing_rights_turn_away(status: int, does: bool) -> None:
    assert turns_away(HttpResponse(status=status, headers={"Location": TO_SIGN_IN})) is does


# --- Each answer as a whole: its status, its headers, its words


def ask(method: str = "GET", address: str = "/account/devices/?page=2", **headers: str) -> Any:
    request = RequestFactory().generic(
        method, address, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    request.session = SimpleNamespace(refusal=None)
    return request


JSON, PRIVATE = "application/json", "no-store, private"


@pytest.mark.parametrize(
    ("answer", "status", "kind", "text"),
    [
        (
            try_again,
            409,
            "session-key-rotated",
            "Your sign-in was renewed at the same moment. Please try again.",
        ),
        (
            busy,
            503,
            "busy",
            "We couldn’t do this just now, and nothing was changed. Please try again.",
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_what_was_not_done_may_be_tried_again_in_a_second(
    method: str, answer: Any, status: int, kind: str, text: str
) -> None:
    line, program = answer(ask(method)), answer(ask(method, accept=JSON))
    page = answer(ask(method, accept="text/html"))
    for response in (line, program, page):
        assert (response.status_code, response["Retry-After"]) == (status, "1")
        assert response["Cache-Control"] == PRIVATE
        assert response.get("Refresh") == ("1" if status == 409 and method != "POST" else None)
        assert keeps_cookies(response) and not response.cookies
    assert (line["Content-Type"], line.content.decode()) == ("text/plain; charset=utf-8", text)
    assert page["Content-Type"] == "text/html; charset=utf-8" and text in page.content.decode()
    assert program["Content-Type"] == "application/problem+json"
    assert json.loads(program.content) == {
        "type": f"urn:sessions-ui:{kind}",
        "title": text,
        "status": status,
    }


def test_a_person_is_led_to_the_sign_in_page_and_back() -> None:
    response = signed_out(ask(accept=PAGE), "idle_timeout")
    assert isinstance(response, HttpResponse)
    assert (response.status_code, response["Cache-Control"]) == (302, PRIVATE)
    assert response["Location"] == "/account/login/?next=/account/devices/%3Fpage%3D2"
    assert response.cookies["signed_out"].value == "idle_timeout"
    assert not keeps_cookies(response)


def test_htmx_is_led_there_as_a_whole_page() -> None:
    current = "http://testserver/account/devices/?page=3"
    response = signed_out(ask("POST", hx_request="true", hx_current_url=current), "not_me")
    assert isinstance(response, HttpResponse)
    assert (response.status_code, response["Cache-Control"]) == (200, PRIVATE)
    assert response["HX-Redirect"] == "/account/login/?next=/account/devices/%3Fpage%3D3"
    assert response.cookies["signed_out"].value == "unnamed"


def test_a_program_that_asks_for_no_json_reads_it_in_a_line_of_text() -> None:
    """A redirect would be followed by `fetch()`, and the sign-in page taken for success."""
    response = signed_out(ask("POST", accept="*/*"), "idle_timeout")
    assert isinstance(response, HttpResponse)
    assert (response.status_code, response["Cache-Control"]) == (401, PRIVATE)
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode() == NAMED["idle_timeout"]
    assert response["Session-Ended"] == response.cookies["signed_out"].value == "idle_timeout"


@pytest.mark.parametrize(
    ("headers", "is_one"),
    [
        ({"accept": PAGE, "sec_fetch_mode": "navigate"}, True),
        ({"accept": PAGE}, True),
        ({"accept": "*/*", "sec_fetch_mode": "navigate"}, True),
        ({"accept": PAGE, "sec_fetch_mode": "cors"}, False),
        ({"accept": PAGE, "sec_fetch_mode": ""}, False),
        ({"accept": PAGE, "x_requested_with": "XMLHttpRequest"}, False),
        ({"accept": "*/*"}, False),
        ({}, False),
    ],
)
def test_a_page_is_what_a_browser_says_is_one(headers: dict[str, str], is_one: bool) -> None:
    assert is_page_navigation(ask(**headers)) is is_one


def test_a_program_reads_it_and_gets_no_cookie() -> None:
    response = signed_out(ask(accept=JSON), "idle_timeout")
    assert isinstance(response, HttpResponse)
    assert (response.status_code, response["Cache-Control"]) == (401, PRIVATE)
    assert json.loads(response.content) == {
        "type": "urn:sessions-ui:session-ended",
        "title": NAMED["idle_timeout"],
        "status": 401,
    }
    assert not response.cookies and not response.has_header("Location")


@pytest.mark.parametrize(
    ("accept", "wants"),
    [
        ("application/json", True),
        ("application/problem+json, */*", True),
        ("text/html, application/json", False),
        ("text/html", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_only_what_asks_for_json_and_for_no_page_is_a_program(accept: str, wants: bool) -> None:
    assert wants_json(ask(accept=accept)) is wants
    assert wants_json(ask()) is False


def test_an_address_of_the_api_answers_in_json_whatever_a_client_accepts() -> None:
    request = ask(accept="text/html")
    request.sessions_ui_program = True
    assert wants_json(request) is True


@pytest.mark.parametrize(
    ("request_", "back"),
    [
        (ask(), "/account/devices/?page=2"),
        (ask("HEAD"), "/account/devices/?page=2"),
        (ask("POST"), ""),
        (ask(address="/account/login/?next=/x/"), ""),
        (ask("POST", hx_request="true", hx_current_url="http://testserver/a/?b=c"), "/a/?b=c"),
        (ask("POST", hx_request="true", hx_current_url="http://testserver/a/"), "/a/"),
        (ask("GET", hx_request="true"), ""),
        (ask("GET", hx_request="true", hx_current_url="https://evil.example/a/"), ""),
        (ask("GET", hx_request="true", hx_current_url="http://testserver/account/login/"), ""),
        (ask("GET", hx_request="false"), "/account/devices/?page=2"),
    ],
)
def test_the_way_back_leads_to_a_page_of_this_site_that_does_nothing(request_: Any, back: str) -> None:
    assert sign_in_url(request_) == (redirect_to_login(back).url if back else "/account/login/")


@pytest.mark.parametrize(
    "login_url", ["account_login", "/sign-in/?kind=staff", "https://sso.example/in?a=b#c"]
)
@pytest.mark.parametrize("address", ["/a/", "/a/b/?next=/c/&d=é", "/a%20b/?q=x%2Fy"])
def test_the_way_back_is_quoted_as_django_does(address: str, login_url: str, settings: Any) -> None:
    settings.LOGIN_URL = login_url
    request = ask(address=address)
    assert sign_in_url(request) == redirect_to_login(request.get_full_path()).url


# --- The notice


def with_notice(value: str | None, *, refusal: str | None = None) -> Any:
    request = ask()
    request.session.refusal = refusal
    if value is not None:
        request.COOKIES["signed_out"] = value
    return request


@pytest.mark.parametrize(
    ("cookie", "refusal", "said"),
    [
        (None, None, ""),
        ("", None, ""),
        ("idle_timeout", None, NAMED["idle_timeout"]),
        ("unnamed", None, "You were signed out."),
        ("not_me", None, "You were signed out."),
        (None, "idle_timeout", NAMED["idle_timeout"]),
        ("idle_timeout", "password_changed", NAMED["password_changed"]),
    ],
)
def test_a_page_says_the_notice_and_forgets_it_then(
    cookie: str | None, refusal: str | None, said: str
) -> None:
    request, unread = with_notice(cookie, refusal=refusal), with_notice(cookie, refusal=refusal)
    assert read_notice(request) == said
    response, other = HttpResponse(), HttpResponse()
    forget_shown_notice(request, response)
    forget_shown_notice(unread, other)
    assert not other.cookies, "no page has said it yet"
    if cookie is None or not said:
        assert not response.cookies
    else:
        morsel = response.cookies["signed_out"]
        assert (morsel.value, morsel["max-age"], morsel["path"], morsel["samesite"]) == ("", 0, "/", "Lax")


def test_a_page_that_has_said_it_leaves_no_notice_for_the_next_one() -> None:
    request, response = with_notice(None, refusal="idle_timeout"), HttpResponse()
    read_notice(request)
    leave_notice(request, response, "idle_timeout")
    assert not response.cookies


def test_behind_another_engine_there_is_nothing_to_say() -> None:
    request = with_notice(None)
    del request.session
    assert read_notice(request) == ""


@pytest.mark.parametrize(("status", "told"), [(200, "password_reset"), (302, "password_reset")])
def test_a_page_for_anybody_stays_and_leaves_the_reason_to_the_next_one(status: int, told: str) -> None:
    response = HttpResponse("public", status=status)
    assert worded(ask(), response, EndReason.PASSWORD_RESET) is response
    assert response.cookies["signed_out"].value == told


def test_a_late_request_is_told_to_try_again_only_where_it_is_turned_away() -> None:
    public, refused = HttpResponse("public"), HttpResponse(status=403)
    assert straggler_response(ask(), public) is public
    assert straggler_response(ask(), refused).status_code == 409


@pytest.mark.parametrize("location", [{}, {"Location": TO_SIGN_IN}])
def test_htmx_that_a_host_turns_away_is_led_to_the_sign_in_page_as_a_whole_page(
    location: dict[str, str],
) -> None:
    turned_away = HttpResponse(status=302 if location else 403, headers=location)
    response = worded(ask(hx_request="true"), turned_away, EndReason.IDLE_TIMEOUT)
    assert response is not turned_away
    assert response["HX-Redirect"] == "/account/login/"
    assert response.cookies["signed_out"].value == "idle_timeout"
