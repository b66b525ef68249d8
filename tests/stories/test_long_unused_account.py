# ruff: noqa: E501 -- user agents are as long as they are
"""An account that nobody has used for so long that nothing is kept of it: no history is not a known one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.db.models import F
from django.test import RequestFactory
from django.utils import timezone

from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.store import SessionStore
from tests.conftest import FIREFOX_ON_LINUX, PASSWORD
from tests.models import Delivery, Device, Session

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(days=200)
BACKEND = "django.contrib.auth.backends.ModelBackend"
CHROME_ON_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"


def account(user: Any) -> Any:
    return get_user_model().objects.filter(pk=user.pk)


def let_time_pass(user: Any) -> None:
    """More than is kept; then what is old is purged."""
    Session.objects.update(ended_at=timezone.now() - LONG_AGO, end_reason="idle_timeout")
    Device.objects.update(first_seen_at=F("first_seen_at") - LONG_AGO)
    account(user).update(last_login=F("last_login") - LONG_AGO)
    purge_old()
    assert not Session.objects.exists() and not Device.objects.exists()


def signed_in(client: Any, user: Any) -> Session:
    client.cookies.pop("sessionid", None)
    client.sign_in(user)
    return Session.objects.filter(user=user).latest("pk")


def mails() -> int:
    return Delivery.objects.filter(channel="mail").count()


def test_a_thief_who_comes_first_is_flagged_and_the_owner_is_told(user: Any, browser: Any) -> None:
    """At dec6284 the thief was ordinary, and nobody heard of it; the owner was flagged instead."""
    owner, thief = browser(), browser(user_agent=CHROME_ON_WINDOWS)
    signed_in(owner, user)
    let_time_pass(user)
    assert signed_in(thief, user).verdict_reasons == ["new_device"]
    assert mails() == 1
    assert signed_in(owner, user).verdict_reasons == ["new_device"], "nothing is kept of this browser either"


def test_the_first_sign_in_ever_is_the_only_one_that_is_not(user: Any, browser: Any) -> None:
    """However old the account is."""
    account(user).update(date_joined=timezone.now() - 9 * LONG_AGO)
    assert signed_in(browser(), user).verdict == "" and mails() == 0
    assert signed_in(browser(), user).verdict_reasons == ["new_device"]


def test_a_sign_in_that_was_refused_is_none(user: Any, browser: Any) -> None:
    account(user).update(is_active=False)
    browser().post("/account/login/", {"login": user.email, "password": PASSWORD})
    account(user).update(is_active=True)
    assert signed_in(browser(), user).verdict == ""


def test_that_an_account_was_used_is_remembered_also_where_the_user_model_tells_of_no_last_login(
    user: Any, browser: Any
) -> None:
    signed_in(browser(), user)
    let_time_pass(user)
    account(user).update(last_login=None)
    assert signed_in(browser(), user).verdict_reasons == ["new_device"]


# --- A project that has just begun to use the app


@pytest.mark.parametrize("django_first", [False, True])
@pytest.mark.parametrize(("days", "verdict"), [(None, ""), (1, ""), (179, ""), (181, "new"), (3000, "new")])
def test_who_was_not_away_for_longer_than_history_is_kept_gets_no_mail_when_the_app_was_installed(
    days: int | None, verdict: str, django_first: bool, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether Django writes the new `last_login` before our receiver or after it."""
    last_login = None if days is None else timezone.now() - timedelta(days=days)
    account(user).update(last_login=last_login, date_joined=timezone.now() - 9 * LONG_AGO)
    user.refresh_from_db()
    if django_first:
        first = (
            "sessions_ui.remember_last_login",
            "update_last_login",
        )  # as where auth stands before the app
        receivers = sorted(user_logged_in.receivers, key=lambda receiver: receiver[0][0] not in first)
        assert [receiver[0][0] for receiver in receivers[:2]] == list(first)
        monkeypatch.setattr(user_logged_in, "receivers", receivers)
    log_in(user)
    session = Session.objects.select_related("device").get()
    assert session.verdict == verdict
    assert session.device is not None and session.device.from_start is (days is None)
    assert get_user_model().objects.get(pk=user.pk).last_login > timezone.now() - timedelta(minutes=1)


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=3)])
def test_whoever_signs_in_first_once_the_app_was_installed_does_not_become_the_owner_by_that(
    age: timedelta, user: Any, browser: Any
) -> None:
    account(user).update(last_login=timezone.now() - timedelta(days=7))
    thief = browser(user_agent=CHROME_ON_WINDOWS)
    session = signed_in(thief, user)
    Device.objects.filter(pk=session.device_id).update(first_seen_at=F("first_seen_at") - age)
    Session.objects.filter(pk=session.pk).update(signed_in_at=F("signed_in_at") - age)
    words = {"oldpassword": PASSWORD, "password1": "of-the-thief-9", "password2": "of-the-thief-9"}
    assert "One more step" in thief.post("/account/password/change/", words).content.decode()
    assert account(user).get().check_password(PASSWORD)


def test_who_had_never_signed_in_before_the_app_was_installed_changes_the_password(
    user: Any, browser: Any
) -> None:
    owner = browser()
    signed_in(owner, user)
    words = {"oldpassword": PASSWORD, "password1": "of-the-owner-9", "password2": "of-the-owner-9"}
    owner.post("/account/password/change/", words)
    assert account(user).get().check_password("of-the-owner-9")


def log_in(user: Any) -> None:
    request = RequestFactory().get("/", HTTP_USER_AGENT=FIREFOX_ON_LINUX)
    request.session, request.user = SessionStore(), AnonymousUser()
    login(request, user, backend=BACKEND)
