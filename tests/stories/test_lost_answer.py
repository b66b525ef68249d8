"""The answer with the new key of a session is lost in a tunnel, or thrown away by the browser: how to go on."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.test import Client
from django.urls import path
from django.utils import timezone

from sessions_ui.exceptions import KeyRotated
from tests.conftest import PASSWORD
from tests.models import EndReason, Session

pytestmark = pytest.mark.django_db


def half_way(request: HttpRequest) -> HttpResponse:
    """Do the half of a sign-in that goes well where another tab is faster."""
    rotate_token(request)
    raise KeyRotated


urlpatterns = [path("half-way/", half_way), *import_module("config.urls").urlpatterns]

PAGE = "/account/devices/"
SIGN_IN = "/account/login/"
AGAIN = "/account/devices/sign-in-again/"
HTML = {"accept": "text/html"}


@pytest.fixture
def stranded(browser: Any, user: Any) -> Client:
    """A browser whose sign-in is renewed, and which never hears of it; it knows a CSRF cookie, as any that signed in
    has."""
    client = browser(enforce_csrf_checks=True)
    client.get(SIGN_IN)
    client.force_login(user)
    lost(client)
    return client


def lost(client: Client) -> None:
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    other = Client()
    other.cookies[settings.SESSION_COOKIE_NAME] = key
    other.session.cycle_key()


def passes(**time: float) -> None:
    Session.objects.living().update(rotated_at=timezone.now() - timedelta(**time))


def press(client: Client, page: Any) -> Any:
    """Press the button "Sign in again" of the page."""
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', unescape(page.content.decode())))
    return client.post(AGAIN, fields)


def test_at_first_the_page_only_loads_itself_again(stranded: Client) -> None:
    page = stranded.get(PAGE, headers=HTML)
    assert (page.status_code, page["Refresh"]) == (409, "1")
    assert AGAIN not in page.content.decode()


def test_who_waits_in_vain_signs_in_again_and_comes_back(
    stranded: Client, user: Any, other_user: Any, browser: Any
) -> None:
    elsewhere, somebody_else = browser(), browser()
    elsewhere.force_login(user)
    somebody_else.force_login(other_user)
    passes(seconds=20)
    theirs = Session.objects.filter(user=other_user).values().get()
    page = stranded.get(f"{PAGE}?q=phone&page=2", headers=HTML)
    assert (page.status_code, page["Refresh"]) == (409, "10")
    answer = press(stranded, page)
    assert answer["Location"] == f"{SIGN_IN}?next=/account/devices/%3Fq%3Dphone%26page%3D2"
    assert not answer.cookies[settings.SESSION_COOKIE_NAME].value
    stranded.get(SIGN_IN)
    token = stranded.cookies["csrftoken"].value
    form = {"login": user.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert stranded.post(SIGN_IN, form).status_code == 302
    assert stranded.get(PAGE).status_code == 200
    assert Session.objects.living().filter(user=user).count() == 2, "this browser's, and the one elsewhere"
    assert Session.objects.filter(user=other_user).values().get() == theirs
    assert elsewhere.get(PAGE).status_code == 200


def test_the_session_that_nobody_has_the_key_of_ends_as_signed_out(stranded: Client) -> None:
    passes(seconds=20)
    press(stranded, stranded.get(PAGE, headers=HTML))
    (session,) = Session.objects.filter(user__isnull=False)
    assert session.end_reason == EndReason.SIGNED_OUT


def test_a_sign_in_that_was_sent_twice_offers_it_at_once(stranded: Client) -> None:
    """By POST: nothing loads that again by itself."""
    token = stranded.cookies["csrftoken"].value
    form = {"login": "ada@people.example", "password": PASSWORD, "csrfmiddlewaretoken": token}
    page = stranded.post(SIGN_IN, form, headers=HTML)
    assert page.status_code == 409
    assert press(stranded, page)["Location"] == SIGN_IN


@pytest.mark.parametrize(
    ("next_url", "back"), [(f"{PAGE}data/", f"?next={PAGE}data/"), ("//evil.example/", "")]
)
def test_whoever_sent_a_form_gets_to_where_it_led(stranded: Client, next_url: str, back: str) -> None:
    token = stranded.cookies["csrftoken"].value
    form = {
        "login": "ada@people.example",
        "password": PASSWORD,
        "csrfmiddlewaretoken": token,
        "next": next_url,
    }
    page = stranded.post(SIGN_IN, form, headers=HTML)
    assert press(stranded, page)["Location"] == f"{SIGN_IN}{back}"


def test_nobody_who_has_signed_in_is_led_back_to_the_sign_in_page(stranded: Client) -> None:
    token = stranded.cookies["csrftoken"].value
    form = {"csrfmiddlewaretoken": token, "next": f"{SIGN_IN}?next=/"}
    assert stranded.post(AGAIN, form)["Location"] == SIGN_IN


def test_the_button_goes_with_the_cookie_that_the_browser_has(stranded: Client, settings: Any) -> None:
    """A sign-in that stopped half-way had given the request another CSRF token, whose cookie went with its answer."""
    settings.ROOT_URLCONF = __name__
    token = stranded.cookies["csrftoken"].value
    page = stranded.post("/half-way/", {"csrfmiddlewaretoken": token}, headers=HTML)
    assert page.status_code == 409
    assert press(stranded, page)["Location"] == SIGN_IN


@pytest.mark.parametrize("method", ["get", "post"])
def test_htmx_is_not_led_away_while_the_new_key_may_be_on_its_way(stranded: Client, method: str) -> None:
    """It was led to the sign-in page, off the page whose other request had just been answered."""
    token = stranded.cookies["csrftoken"].value
    htmx = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{PAGE}", "X-CSRFToken": token}
    address = PAGE if method == "get" else f"{PAGE}sign-out-others/"
    answer = getattr(stranded, method)(address, headers=htmx)
    assert answer.status_code == 409 and "HX-Redirect" not in answer and "HX-Refresh" not in answer
    passes(seconds=20)
    answer = getattr(stranded, method)(address, headers=htmx)
    assert (answer.status_code, answer["HX-Refresh"]) == (409, "true"), "by which the page offers the way out"
    passes(minutes=5)
    answer = getattr(stranded, method)(address, headers=htmx)
    assert answer["HX-Redirect"] == f"{SIGN_IN}?next={PAGE}"


def test_an_administrator_is_not_led_away_either(stranded: Client, user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    page = stranded.get("/admin/sessions_ui/incident/", headers=HTML)
    assert (page.status_code, page["Refresh"]) == (409, "1")
    passes(minutes=5)
    page = stranded.get("/admin/sessions_ui/incident/", headers=HTML)
    assert page["Location"].startswith("/admin/login/")


def test_who_has_the_new_key_by_then_stays_signed_in(browser: Any, user: Any) -> None:
    client = browser()
    client.force_login(user)
    assert client.post(AGAIN, {"next": f"{PAGE}data/"})["Location"] == f"{PAGE}data/"
    assert client.post(AGAIN, {"next": "https://evil.example/"})["Location"] == PAGE
    assert client.get(PAGE).status_code == 200


def test_it_takes_the_token_of_this_site(stranded: Client) -> None:
    passes(seconds=20)
    assert stranded.post(AGAIN).status_code == 409
    assert Session.objects.living().filter(user__isnull=False).count() == 1


def test_after_the_grace_it_only_leads_to_the_sign_in_page(stranded: Client) -> None:
    passes(seconds=20)
    page = stranded.get(PAGE, headers=HTML)
    passes(minutes=5)
    assert press(stranded, page)["Location"] == f"{SIGN_IN}?next={PAGE}"
    assert Session.objects.living().filter(user__isnull=False).count() == 1, "nobody asks for it any more"


def test_a_browser_without_a_session_is_led_to_the_sign_in_page(browser: Any) -> None:
    answer = browser().post(AGAIN)
    assert answer["Location"] == SIGN_IN
    assert not Session.objects.exists()


@pytest.mark.parametrize("why", ["token in the session", "no token yet"])
def test_where_the_button_could_not_work_there_is_none(stranded: Client, settings: Any, why: str) -> None:
    if why == "no token yet":
        del stranded.cookies["csrftoken"]
    else:
        settings.CSRF_USE_SESSIONS = True
    passes(seconds=20)
    page = stranded.get(PAGE, headers=HTML)
    assert page.status_code == 409
    assert AGAIN not in page.content.decode()
