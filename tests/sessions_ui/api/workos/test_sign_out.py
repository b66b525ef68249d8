"""The address that a browser is sent to, to sign out: it ends the session of that browser, and no other."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as site
from django.test import Client

from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from tests.models import EndReason, Event, Session
from tests.sessions_ui.api.workos.conftest import PREFIX, is_signed_in, sign_in

pytestmark = pytest.mark.django_db

URL = f"{PREFIX}/user_management/sessions/logout"
APP = "https://app.example/signed-out"


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "WORKOS_RETURN_TO": [APP, "https://other.example/"]}


def go(browser: Client, session: Any, return_to: str | None = APP, **headers: str) -> Any:
    query = f"?session_id={session}" + (
        "" if return_to is None else f"&return_to={quote(return_to, safe='')}"
    )
    return browser.get(URL + query, headers=headers)


def test_the_browser_is_signed_out_and_goes_back(user: Any) -> None:
    browser, session = sign_in(user)
    answer = go(browser, session.public_id)
    assert (answer.status_code, answer["Location"]) == (302, APP)
    session.refresh_from_db()
    assert (session.end_reason, session.ended_by_id) == (EndReason.SIGNED_OUT, user.pk)
    assert answer.cookies[site.SESSION_COOKIE_NAME]["max-age"] == 0
    assert not is_signed_in(browser) and "no-store" in answer["Cache-Control"]
    again = go(browser, session.public_id)
    assert (again.status_code, again["Location"]) == (302, APP), "it is over: that is what was asked for"


@pytest.mark.parametrize("who", ["nobody", "somebody else", "the same person"])
def test_another_browsers_session_is_left_alone_and_the_page_says_so(
    user: Any, other_user: Any, who: str
) -> None:
    _victim, session = sign_in(user)
    browser = Client()
    if who != "nobody":
        browser.force_login(user if who == "the same person" else other_user)
    events = Event.objects.count()
    answer = go(browser, session.public_id)
    assert (answer.status_code, answer["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert "Nothing was signed out" in answer.content.decode() and APP in answer.content.decode()
    session.refresh_from_db()
    assert session.ended_at is None and Event.objects.count() == events
    assert who == "nobody" or is_signed_in(browser)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
        {"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
    ],
)
def test_only_where_the_browser_goes_there(user: Any, headers: dict[str, str]) -> None:
    browser, session = sign_in(user)
    answer = go(browser, session.public_id, **headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "navigation_required")
    assert is_signed_in(browser)


def test_a_link_that_a_person_follows(user: Any) -> None:
    browser, session = sign_in(user)
    headers = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "cross-site"}
    assert go(browser, session.public_id, **headers).status_code == 302
    assert not is_signed_in(browser)


@pytest.mark.no_bystander("everyone is signed out")
def test_what_an_incident_has_ended_is_over_before_its_row_says_so(user: Any) -> None:
    browser, session = sign_in(user)
    order_incident(criteria=Criteria(everyone=True), note="leak")
    assert Session.objects.get(pk=session.pk).ended_at is None
    answer = go(browser, session.public_id)
    assert (answer.status_code, answer["Location"]) == (302, APP)


def test_a_token_is_no_session_and_a_bearer_signs_no_browser_out(user: Any, make_token: Any) -> None:
    browser, session = sign_in(user)
    made = make_token(user)
    assert go(browser, made.token.session.public_id).status_code == 302
    assert Session.objects.get(pk=made.token.pk).ended_at is None and is_signed_in(browser)
    answer = go(Client(), session.public_id, authorization=f"Bearer {made.value}")
    assert answer.status_code == 403 and is_signed_in(browser)


@pytest.mark.parametrize(
    "return_to", [APP, f"{APP}?state=1", f"{APP}?a=https://evil.example", "https://other.example/"]
)
def test_where_it_may_lead(user: Any, return_to: str) -> None:
    browser, session = sign_in(user)
    assert go(browser, session.public_id, return_to)["Location"] == return_to


@pytest.mark.parametrize(
    "return_to",
    [
        *("https://evil.example/", "//evil.example", "/account/", "javascript:alert(1)", "signed-out", " "),
        *(
            f"{APP}/more",
            f"{APP}#a",
            f"{APP}?a#b",
            f" {APP}",
            f"{APP}\n",
            f"{APP}?a\r\nSet-Cookie: b",
            f"{APP};a",
        ),
        *(
            "https://app.example@evil.example/signed-out",
            "https://APP.example/signed-out",
            "https://[/",
            "\\\\evil",
        ),
        *("http://app.example/signed-out", "https://app.example/signed-out/../x", f"{APP}\0", "x" * 5000),
    ],
)
def test_where_it_may_not_lead_nothing_ends(user: Any, return_to: str) -> None:
    browser, session = sign_in(user)
    answer = go(browser, session.public_id, return_to)
    assert answer.status_code in (400, 422) and answer.json()["code"] in (
        "return_to_not_allowed",
        "validation_failed",
    )
    assert is_signed_in(browser)


def test_without_return_to_it_leads_to_the_first_one_or_where_signing_out_leads(
    user: Any, settings: Any
) -> None:
    browser, session = sign_in(user)
    assert go(browser, session.public_id, None)["Location"] == APP
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "WORKOS_RETURN_TO": ()}
    browser, session = sign_in(user)
    assert go(browser, session.public_id, None)["Location"] == "/account/login/"
    browser, session = sign_in(user)
    assert go(browser, session.public_id, APP).status_code == 400
    assert is_signed_in(browser)


def test_nothing_but_get_and_with_an_id(user: Any) -> None:
    browser, session = sign_in(user)
    assert go(browser, "").json()["code"] == "session_id_required"
    for method in ("POST", "PUT", "DELETE", "HEAD"):
        answer = browser.generic(method, f"{URL}?session_id={session.public_id}&return_to={APP}")
        assert (answer.status_code, answer["Allow"]) == (405, "GET")
    assert is_signed_in(browser)
