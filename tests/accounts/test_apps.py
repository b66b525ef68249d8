"""Apps in allauth's headless API: what their sign-in makes, and what they are told once it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from allauth.headless.internal.sessionkit import authenticate_by_x_session_token
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient
from django.urls import include, path
from django.utils import timezone

import config.urls
from accounts import app_urls
from config.demo.factor import current_code
from sessions_ui import end_user_sessions
from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.delivery import deliver_due
from sessions_ui.models import digest_of
from sessions_ui.store import SessionStore
from tests.accounts.conftest import SECRET
from tests.accounts.credential_views import calls_in
from tests.an_app import API, EXAMPLE_APP, App, app_store, session_of
from tests.conftest import PASSWORD, Browser
from tests.meanwhile import as_somebody_else
from tests.models import Device, EndReason, Event, Session
from tests.statements import about, verb

pytestmark = pytest.mark.django_db

CALLS = sorted(
    (method, address.removeprefix("app/v1/")) for method, address in calls_in(app_urls.urlpatterns)
)


def whose(request: HttpRequest) -> HttpResponse:
    """A view of the host's API, which asks for the token as allauth's classes for REST framework and ninja do."""
    found = authenticate_by_x_session_token(request.headers.get("X-Session-Token", ""))
    return HttpResponse(str(found.user.pk) if found and found.user else "nobody")


def own_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user.pk))


urlpatterns = [path("api/", whose), path("page/", own_page), path("", include(config.urls.urlpatterns))]


@pytest.fixture
def app(user: Any) -> App:
    """A phone on which the owner has signed in."""
    phone = App()
    phone.sign_in(user)
    return phone


# --- What a sign-in makes


def test_a_sign_in_makes_the_row_of_an_app(app: App, user: Any) -> None:
    session = app.session
    assert (session.kind, session.user_id, session.method) == (Session.Kind.APP, user.pk, "password")
    assert session.device is not None
    described = (session.device.kind, session.device.maker, session.device.model, session.device.browser)
    assert described == ("app", "Apple", "iPhone 15 Pro", "Example App")
    assert (session.browser_version, session.system_version) == ("3.2.1", "18.1")
    assert session.device.title == "Example App on iPhone 15 Pro"
    assert Event.objects.filter(kind=Event.Kind.SIGNED_IN, session=session).count() == 1


def test_an_app_gets_no_cookie(user: Any) -> None:
    answer = App().sign_in(user)
    assert not answer.cookies


def test_what_waits_for_a_second_factor_is_of_an_app_already(user: Any) -> None:
    TOTP.activate(user, SECRET)
    phone = App()
    asked = phone.call("post", "auth/login", {"email": user.email, "password": PASSWORD})
    assert asked.status_code == 401
    waits = session_of(phone.token)
    assert (waits.kind, waits.user_id) == (Session.Kind.APP, None)
    phone.call("post", "auth/2fa/authenticate", {"code": current_code(SECRET)})
    assert (phone.session.pk, phone.session.user_id) == (waits.pk, user.pk)


def test_the_owner_sees_the_app_and_its_version(app: App, user: Any, browser: Any) -> None:
    laptop = browser()
    laptop.sign_in(user)
    page = laptop.get("/account/devices/").content.decode()
    assert "Example App on iPhone 15 Pro" in page and " · version 3.2.1</span>" in page
    device = app.session.device
    assert device is not None
    details = laptop.get(f"/account/devices/{device.public_id}/").content.decode()
    assert "Example App 3.2.1" in details and "iOS 18.1" in details


def test_the_mail_about_a_new_app_names_it_and_its_version(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    App().sign_in(user)
    deliver_due()
    assert "Example App on iPhone 15 Pro (version 3.2.1)" in str(mail.outbox[-1].body)


@pytest.mark.parametrize(
    ("sent", "title"),
    [
        ("Other App/1.0 (SM-S928B; Android 15)", "Other App on Samsung Galaxy S24 Ultra"),
        ("Other App/1.0 (iPhone99,1; iOS 30.0; de)", "Other App on iPhone"),
        ("Other App", "Example App on iPhone 15 Pro"),
        ("Other App/1.0 (<b>; iOS 18.1)", "Example App on iPhone 15 Pro"),
        ("Other App/1.0 (iPhone16,1; iOS 18.1)" + " " * 600 + "x", "Example App on iPhone 15 Pro"),
        ("\x00\xff", "Example App on iPhone 15 Pro"),
    ],
)
def test_an_app_says_in_a_header_of_its_own_what_it_is(user: Any, sent: str, title: str) -> None:
    phone = App(**{"X-App": sent})
    phone.sign_in(user)
    assert phone.session.device is not None and phone.session.device.title == title


def test_a_browser_does_not_say_by_that_header_what_it_is(user: Any) -> None:
    here = Browser(HTTP_X_APP="Other App/1.0 (iPhone16,1; iOS 18.1)")
    here.sign_in(user)
    assert Session.objects.get(user=user).device.title == "Firefox on Linux"  # type: ignore[union-attr]


def test_an_app_takes_the_place_of_no_browser_and_of_no_app(user: Any, browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SESSION_LIMIT": 1}
    laptop, phone = browser(), App()
    laptop.sign_in(user)
    phone.sign_in(user)
    first = phone.session
    phone.token = ""
    phone.sign_in(user)
    assert phone.session.device_id == first.device_id
    assert Session.objects.of(user).living().count() == 3


def test_the_last_use_of_an_app_is_recorded(app: App) -> None:
    long_ago = timezone.now() - timedelta(days=3)
    Session.objects.filter(pk=app.session.pk).update(last_seen_at=long_ago)
    app.user_agent = "Example App/3.3.0 (iPhone16,1; iOS 18.2)"
    assert app.call("get", "auth/session").status_code == 200
    session = app.session
    assert session.last_seen_at > timezone.now() - timedelta(minutes=1)
    assert (session.browser_version, session.system_version) == ("3.3", "18.2")


@pytest.mark.urls(__name__)
def test_a_use_of_the_hosts_own_api_is_one_as_well(app: App, user: Any) -> None:
    long_ago = timezone.now() - timedelta(days=3)
    Session.objects.filter(pk=app.session.pk).update(last_seen_at=long_ago)
    assert app.call("get", "/api/").content.decode() == str(user.pk)
    assert app.session.last_seen_at > long_ago


# --- The device token


def test_an_app_that_sends_its_device_token_is_the_same_device(app: App, user: Any) -> None:
    device, given = app.session.device_id, app.device_token
    app.token = ""
    app.sign_in(user)
    assert app.session.device_id == device
    assert app.device_token != given
    assert Device.objects.filter(user=user).count() == 1


def test_an_app_without_its_device_token_is_a_new_device(app: App, user: Any) -> None:
    other = App()
    other.sign_in(user)
    assert other.session.device_id != app.session.device_id


def test_a_device_token_that_was_replaced_and_used_is_a_copied_one(app: App, user: Any) -> None:
    copied = app.device_token
    for _ in range(2):
        app.token = ""
        app.sign_in(user)
    thief = App()
    thief.device_token = copied
    thief.sign_in(user)
    assert thief.session.device_id != app.session.device_id
    assert Device.objects.get(pk=app.session.device_id).copied_at is not None


@pytest.mark.parametrize("sent", ["x", "a." * 5000, "\xff\xfe", "AAAAAAAA." + "A" * 54])
def test_what_is_no_device_token_is_none(user: Any, sent: str) -> None:
    phone = App()
    phone.device_token = sent
    phone.sign_in(user)
    assert phone.session.device is not None and phone.session.device.copied_at is None


def test_a_browser_gets_no_device_token_and_brings_none(app: App, user: Any, browser: Any) -> None:
    here = browser(user_agent=EXAMPLE_APP)
    answer = here.post(
        "/account/login/",
        {"login": user.email, "password": PASSWORD},
        headers={"X-Device-Token": app.device_token},
    )
    assert answer.status_code == 302 and "X-Device-Token" not in answer.headers
    assert Device.objects.filter(user=user).count() == 2


def test_without_device_cookies_there_are_no_device_tokens(user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "DEVICE_COOKIE": False}
    assert "X-Device-Token" not in App().sign_in(user).headers


# --- Each key in its own place


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("key_of", "place", "is_let_in"),
    [
        ("browser", "cookie", True),
        ("browser", "token", False),
        ("browser", "api", False),
        ("app", "cookie", False),
        ("app", "token", True),
        ("app", "api", True),
        ("app", "page", False),
        ("browser", "page", False),
    ],
)
def test_each_key_lets_in_where_it_belongs_and_nowhere_else(
    user: Any, browser: Any, key_of: str, place: str, is_let_in: bool
) -> None:
    laptop, phone = browser(), App()
    laptop.sign_in(user)
    phone.sign_in(user)
    key = laptop.cookies["sessionid"].value if key_of == "browser" else phone.token
    asking = App()
    if place == "cookie":
        client = browser()
        client.cookies["sessionid"] = key
        found = client.get("/page/").content.decode()
    else:
        asking.token = key
        address = {"token": "auth/session", "api": "/api/", "page": "/page/"}[place]
        answer = asking.call("get", address)
        found = answer.content.decode() if place != "token" else str(user_in(answer))
    assert (found == str(user.pk)) is is_let_in
    assert Session.objects.of(user).living().count() == 2


def user_in(answer: Any) -> Any:
    return answer.json().get("data", {}).get("user", {}).get("id")


@pytest.mark.parametrize("made_up", ["\xffapp:{}", "app:{}", "\udcffapp:{}"])
def test_no_cookie_is_made_up_of_the_key_of_an_app(app: App, browser: Any, made_up: str) -> None:
    try:
        digest = digest_of(made_up.format(app.token))
    except UnicodeEncodeError:
        return  # no cookie holds it
    assert digest != app.session.digest


def test_a_key_that_comes_in_both_places_is_the_apps_in_the_api(app: App, user: Any, browser: Any) -> None:
    laptop = browser()
    laptop.sign_in(user)
    key = laptop.cookies["sessionid"].value
    both = laptop.get(f"{API}auth/session", headers={"X-Session-Token": key})
    assert both.status_code == 410
    assert laptop.get("/account/devices/").status_code == 200


def test_an_app_is_not_the_user_of_the_cookie_beside_its_token(
    app: App, user: Any, other_user: Any, browser: Any
) -> None:
    laptop = browser()
    laptop.sign_in(other_user)
    answer = laptop.get(f"{API}auth/session", headers={"X-Session-Token": app.token})
    assert user_in(answer) == user.pk
    bogus = laptop.get(f"{API}auth/session", headers={"X-Session-Token": "x" * 32})
    assert bogus.status_code == 410 and user_in(bogus) is None


# --- What is over


def ended(key: str, user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)


def expired(key: str, user: Any) -> None:
    Session.objects.of(user).update(expires_at=timezone.now() - timedelta(seconds=1))


def unused(key: str, user: Any) -> None:
    Session.objects.of(user).update(last_seen_at=timezone.now() - timedelta(days=15))


def rotated(key: str, user: Any) -> None:
    store = SessionStore(key)
    store.kind = Session.Kind.APP
    store.cycle_key()
    Session.objects.of(user).update(rotated_at=timezone.now() - timedelta(minutes=2))


def just_rotated(key: str, user: Any) -> None:
    store = SessionStore(key)
    store.kind = Session.Kind.APP
    store.cycle_key()


def purged(key: str, user: Any) -> None:
    ended(key, user)
    Session.objects.of(user)._raw_delete("default")


def contained(key: str, user: Any) -> None:
    order_incident(criteria=Criteria(everyone=True), note="the tokens leaked", actor=None)


def disabled(key: str, user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)


def made_up(key: str, user: Any) -> None:
    session_of(key)
    Session.objects.of(user).update(digest="0" * 64)


STATES = [ended, expired, unused, rotated, just_rotated, purged, contained, disabled, made_up]


def test_there_are_as_many_calls_as_the_api_has() -> None:
    assert len(CALLS) > 40 and ("get", "account/email") in CALLS and ("post", "tokens/refresh") in CALLS


@pytest.mark.no_bystander
@pytest.mark.parametrize("over", STATES, ids=lambda state: state.__name__)
def test_a_session_that_is_over_gets_410_wherever_it_asks(
    over: Callable[[str, Any], None], user: Any, other_user: Any
) -> None:
    key = app_store(user).session_key or ""
    app_store(other_user)
    over(key, user)
    before = Session.objects.count(), mail.outbox
    phone = App()
    for method, address in CALLS:
        phone.token = key
        answer = phone.call(method, address, None if method == "get" else {})
        body = answer.json()
        assert (answer.status_code, body["status"]) == (410, 410), (method, address)
        assert not body["meta"]["is_authenticated"] and "user" not in body["data"]
        assert "session_token" not in body["meta"] and not answer.cookies
    assert (Session.objects.count(), mail.outbox) == before


def test_the_first_refusal_is_recorded_and_says_why(app: App, user: Any) -> None:
    session = app.session
    end_session(session=session, reason=EndReason.PASSWORD_RESET)
    answer = app.call("get", "auth/session")
    assert answer.headers["Session-Ended"] == "password_reset"
    session.refresh_from_db()
    assert session.refused_at is not None


def test_a_key_that_nobody_has_costs_reads_only(user: Any, django_assert_max_num_queries: Any) -> None:
    phone = App()
    phone.token = "x" * 32
    with django_assert_max_num_queries(3) as asked:
        assert phone.call("get", "auth/session").status_code == 410
    assert {verb(query["sql"]) for query in asked.captured_queries} == {"SELECT"}


# --- What ends in the middle of a request


@contextmanager
def once_looked_up(act: Callable[[], Any]) -> Iterator[None]:
    """Run `act` between the look-up by which the view gets its session and the view: the second, after the question
    whether there is such a session."""
    looked_up = 0

    def interleave(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal looked_up
        result = execute(sql, params, many, context)
        # Which PostgreSQL has prepared by then.
        if about(sql) == "SELECT sessions_ui_session" and ("EXECUTE" in sql or "payload" in sql):
            looked_up += 1
            if looked_up == 2:
                as_somebody_else(act)
        return result

    with connection.execute_wrapper(interleave):
        yield
    assert looked_up >= 2


@pytest.mark.no_bystander
@pytest.mark.parametrize("over", [ended, purged, rotated, contained], ids=lambda state: state.__name__)
def test_a_session_that_ends_in_the_middle_makes_no_error_and_no_row(
    over: Callable[[str, Any], None], user: Any
) -> None:
    fields = {"email": user.email, "password": PASSWORD, "code": "123456", "current_password": PASSWORD}
    for method, address in CALLS:
        key = app_store(user).session_key or ""
        before = Session.objects.count()
        phone = App()
        phone.token = key
        with once_looked_up(lambda key=key: over(key, user)):  # type: ignore[misc]
            answer = phone.call(method, address, None if method == "get" else fields)
        assert answer.status_code < 500, (method, address, answer.content)
        assert Session.objects.count() <= before, (method, address)
        assert not answer.cookies, (method, address)
        if over is not rotated:
            assert phone.call("get", "auth/session").status_code in (401, 410)
        Session.objects.of(user)._raw_delete("default")


def test_an_app_that_confirms_while_it_is_signed_out_hears_that_its_session_is_gone(
    app: App, user: Any
) -> None:
    session = app.session
    with once_looked_up(lambda: end_session(session=session, reason=EndReason.SIGNED_OUT_REMOTELY)):
        answer = app.call("post", "auth/reauthenticate", {"password": PASSWORD}, Accept="*/*")
    assert answer.status_code == 410
    assert answer.json() == {
        "type": "urn:sessions-ui:session-ended",
        "title": "You were signed out.",
        "status": 410,
        "meta": {"is_authenticated": False},
    }
    assert not answer.cookies


def test_an_app_whose_key_was_replaced_in_the_middle_is_told_to_try_again(app: App, user: Any) -> None:
    key = app.token
    with once_looked_up(lambda: just_rotated(key, user)):
        answer = app.call("post", "auth/reauthenticate", {"password": PASSWORD})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:sessions-ui:session-key-rotated"
    assert not answer.cookies


def test_a_suspicious_sign_in_of_an_app_is_over_at_once(user: Any, browser: Any, settings: Any) -> None:
    """There is no page for a code. Its device gets a token all the same: the owner may say that it is theirs."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SUSPICIOUS_SIGN_INS": "challenge"}
    first = App()
    first.sign_in(user)
    Device.objects.filter(user=user).update(lost_at=timezone.now())
    again = App()
    again.device_token = first.device_token
    answer = again.call("post", "auth/login", {"email": user.email, "password": PASSWORD})
    assert answer.status_code == 410
    assert Session.objects.filter(user=user, end_reason=EndReason.SUSPICIOUS).count() == 1
    assert again.device_token != first.device_token


@pytest.mark.django_db(transaction=True)
async def test_under_asgi_it_is_the_same(user: Any) -> None:
    client = AsyncClient()
    answer = await client.post(
        f"{API}auth/login", {"email": user.email, "password": PASSWORD}, content_type="application/json"
    )
    token, device = answer.json()["meta"]["session_token"], answer.headers["X-Device-Token"]
    assert device
    long_ago = timezone.now() - timedelta(days=3)
    await Session.objects.filter(user=user).aupdate(last_seen_at=long_ago)
    headers = {"X-Session-Token": token}
    assert (await client.get(f"{API}auth/session", headers=headers)).status_code == 200
    session = await Session.objects.aget(user=user)
    assert session.kind == Session.Kind.APP and session.last_seen_at > long_ago
    await Session.objects.filter(user=user).aupdate(ended_at=timezone.now(), end_reason=EndReason.SIGNED_OUT)
    assert (await client.get(f"{API}auth/session", headers=headers)).status_code == 410


@pytest.mark.parametrize(
    ("password", "status"), [("\ud800", 400), ("\udc00\ud800", 400), ("a \U0001f600", 400), (PASSWORD, 200)]
)
def test_half_of_a_character_is_no_error_of_ours(password: str, status: int, client: Any, user: Any) -> None:
    body = {"email": user.email, "password": password}
    answer = client.post(f"{API}auth/login", body, content_type="application/json")
    assert answer.status_code == status
    assert bool(answer.content) == ("\ud800" not in password)
