"""Timeouts, in every shape that the settings allow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path
from django.utils import timezone

from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.store import SessionStore
from sessions_ui.web.presence.decorators import passive
from tests.models import EndReason, Session

pytestmark = pytest.mark.django_db


@passive
def poll(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user))


@passive
async def poll_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await request.auser()))


urlpatterns = [path("poll", poll), path("poll-async", poll_async), path("", include("config.urls"))]


def hour_for(user: Any) -> timedelta | None:
    return timedelta(hours=1) if user.is_staff else None


def age(**ages: timedelta) -> None:
    row = Session.objects.get()
    Session.objects.update(**{column: getattr(row, column) - by for column, by in ages.items()})


@pytest.mark.parametrize("setting", [hour_for, f"{__name__}.hour_for"])
@pytest.mark.parametrize(
    ("name", "column", "reason"),
    [
        ("IDLE_TIMEOUT", "last_seen_at", EndReason.IDLE_TIMEOUT),
        ("ABSOLUTE_TIMEOUT", "signed_in_at", EndReason.ABSOLUTE_TIMEOUT),
    ],
)
def test_a_timeout_may_depend_on_the_user(
    name: str,
    column: str,
    reason: EndReason,
    setting: Any,
    user: Any,
    agent: Any,
    browser: Any,
    settings: Any,
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, name: setting}
    for person, expected in ((user, ""), (agent, reason)):
        Session.objects.all().delete()
        client = browser()
        client.force_login(person)
        age(**{column: timedelta(hours=2)})
        client.get("/account/devices/")
        assert Session.objects.get().end_reason == expected


@pytest.mark.parametrize(
    ("name", "column", "reason"),
    [
        ("IDLE_TIMEOUT", "last_seen_at", EndReason.IDLE_TIMEOUT),
        ("ABSOLUTE_TIMEOUT", "signed_in_at", EndReason.ABSOLUTE_TIMEOUT),
    ],
)
def test_the_sweep_asks_the_callable_too(
    name: str, column: str, reason: EndReason, user: Any, agent: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, name: hour_for}
    for person in (user, agent):
        browser().force_login(person)
    Session.objects.update(**{column: timezone.now() - timedelta(hours=2)})
    assert end_unlawful() == 1
    assert Session.objects.of(agent).get().end_reason == reason


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("name", ["IDLE_TIMEOUT", "ABSOLUTE_TIMEOUT"])
def test_the_callable_is_not_asked_of_whom_no_backend_knows_any_more(
    name: str, user: Any, agent: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, name: hour_for}
    left, other = browser(), browser()
    left.force_login(agent)
    other.force_login(user)
    Session.objects.of(agent).update(backend="gone.Backend", signed_in_at=timezone.now() - timedelta(hours=2))
    assert left.get("/poll").content == b"AnonymousUser"
    type(user)._base_manager.filter(pk=user.pk).update(is_active=False)
    assert end_unlawful() == 1  # what comes after it in the sweep, too
    assert Session.objects.of(user).get().end_reason == EndReason.ACCOUNT_DISABLED


@pytest.mark.parametrize(
    ("name", "column"), [("IDLE_TIMEOUT", "last_seen_at"), ("ABSOLUTE_TIMEOUT", "signed_in_at")]
)
def test_a_site_may_do_without_it(name: str, column: str, user: Any, browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, name: None}
    client = browser()
    client.force_login(user)
    age(**{column: timedelta(days=900)})
    assert end_unlawful() == 0
    assert client.get("/account/devices/").status_code == 200


def test_a_sign_in_that_is_not_remembered_ends_sooner(user: Any, browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "NOT_REMEMBERED_TIMEOUT": timedelta(hours=12)}
    forgetful, faithful = browser(), browser()
    forgetful.sign_in(user)
    assert forgetful.cookies["sessionid"]["max-age"] == ""
    row = Session.objects.get()
    assert row.expires_at - row.signed_in_at == timedelta(hours=12)
    password = "correct horse battery staple"
    faithful.post("/account/login/", {"login": user.email, "password": password, "remember": "on"})
    row = Session.objects.latest("pk")
    assert row.expires_at - row.signed_in_at > timedelta(days=29)


# SP 800-63B-4 names these for each assurance level; 15 minutes are also PCI DSS's (8.2.8).
AAL2 = {"ABSOLUTE_TIMEOUT": timedelta(hours=24), "IDLE_TIMEOUT": timedelta(hours=1)}
AAL3 = {"ABSOLUTE_TIMEOUT": timedelta(hours=12), "IDLE_TIMEOUT": timedelta(minutes=15)}


def over(limits: dict[str, timedelta], user: Any, browser: Any, settings: Any) -> list[tuple[int, int]]:
    """What a request gets just before each limit, and at it."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **limits}
    answers = []
    for name, column in (("ABSOLUTE_TIMEOUT", "signed_in_at"), ("IDLE_TIMEOUT", "last_seen_at")):
        Session.objects.all().delete()
        client = browser()
        client.force_login(user)
        age(**{column: limits[name] - timedelta(minutes=1)})
        before = client.get("/account/devices/").status_code
        Session.objects.update(**{column: timezone.now() - limits[name]})
        answers.append((before, client.get("/account/devices/").status_code))
    return answers


@pytest.mark.control("SP 800-63B 2.2.3")
def test_a_site_can_keep_to_the_timeouts_of_aal2(user: Any, browser: Any, settings: Any) -> None:
    assert over(AAL2, user, browser, settings) == [(200, 302), (200, 302)]


@pytest.mark.control("SP 800-63B 2.3.3", "PCI DSS 8.2.8")
def test_a_site_can_keep_to_the_timeouts_of_aal3(user: Any, browser: Any, settings: Any) -> None:
    assert over(AAL3, user, browser, settings) == [(200, 302), (200, 302)]


@pytest.mark.control("ASVS 7.3.2")
def test_no_save_makes_a_session_last_longer_than_the_absolute_timeout(user: Any, browser: Any) -> None:
    client = browser()
    client.force_login(user)
    age(signed_in_at=timedelta(days=29))
    session = client.session
    session["cart"] = 1
    session.save()
    row = Session.objects.get()
    assert row.expires_at == row.signed_in_at + timedelta(days=30)


@pytest.mark.parametrize("is_new", [True, False], ids=["a new session", "one that was anonymous"])
def test_a_user_who_was_written_into_a_session_by_hand_is_signed_in_for_30_days_at_most(
    is_new: bool, user: Any, settings: Any
) -> None:
    """As Django's own tests and some test tools do it, without `login()`."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": None}
    settings.SESSION_COOKIE_AGE = 400 * 24 * 3600
    store = SessionStore()
    if not is_new:
        store["cart"] = 1
        store.save()
        assert Session.objects.get().signed_in_at is None, "nobody has signed in yet"
    before = timezone.now()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    signed_in_at = Session.objects.get().signed_in_at
    assert signed_in_at is not None and before <= signed_in_at <= timezone.now()
    assert Session.objects.get().expires_at == signed_in_at + timedelta(days=30)
    store["cart"] = 2
    store.save()
    assert Session.objects.get().signed_in_at == signed_in_at, "a later save is no sign-in"
    for days, expected in ((29, True), (31, False)):
        with time_machine.travel(signed_in_at + timedelta(days=days)):
            assert SessionStore(store.session_key).get_user().is_authenticated is expected


def test_nobody_signs_in_to_an_anonymous_session_by_saving_it(db: None) -> None:
    store = SessionStore()
    for number in range(2):
        store["cart"] = number
        store.save()
    assert Session.objects.get().signed_in_at is None


@pytest.mark.control("ASVS 7.3.1")
@pytest.mark.parametrize("address", ["/poll", "/poll-async"])
def test_polling_is_no_activity(address: str, user: Any, browser: Any) -> None:
    client = browser()
    client.force_login(user)
    age(last_seen_at=timedelta(hours=1))
    before = Session.objects.get().last_seen_at
    with override_settings(ROOT_URLCONF=__name__):
        assert client.get(address).content.decode() == user.email
    assert Session.objects.get().last_seen_at == before
