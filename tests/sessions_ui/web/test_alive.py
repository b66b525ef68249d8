"""What an open page asks about itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.web.presence.alive import mark_of
from tests.models import EndReason, Session, digest_of

pytestmark = pytest.mark.django_db
COOKIE = django_settings.SESSION_COOKIE_NAME


def ask(browser: Any, user: Any) -> Any:
    return browser.get("/account/devices/alive", {"page": mark_of(user.pk)})


def state(browser: Any, user: Any) -> str:
    return str(ask(browser, user).json()["state"])


def test_the_person_for_whom_the_page_was_made(browser: Any, user: Any) -> None:
    laptop = browser()
    assert state(laptop, user) == "ended"
    laptop.sign_in(user)
    assert state(laptop, user) == "alive"
    end_user_sessions(user=user, reason=EndReason.DEVICE_LOST)
    assert state(laptop, user) == "ended"


def test_somebody_else_in_the_same_browser(browser: Any, user: Any, other_user: Any) -> None:
    laptop = browser()
    laptop.sign_in(other_user)
    assert state(laptop, user) == "other"
    assert laptop.get("/account/devices/alive").json() == {"state": "other"}


def test_a_page_from_before_the_secret_was_rotated(browser: Any, user: Any, settings: Any) -> None:
    laptop = browser()
    laptop.sign_in(user)
    mark = mark_of(user.pk)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next one"
    assert laptop.get("/account/devices/alive", {"page": mark}).json() == {"state": "alive"}


def test_a_key_that_was_replaced_a_moment_ago_is_asked_again(browser: Any, user: Any) -> None:
    laptop = browser()
    laptop.sign_in(user)
    key = laptop.cookies[COOKIE].value
    Session.objects.update(
        digest=digest_of("another"), previous_digest=digest_of(key), rotated_at=timezone.now()
    )
    assert state(laptop, user) == "late"


def test_asking_whether_one_is_signed_in_leaves_the_cookie_to_the_next_page(browser: Any, user: Any) -> None:
    """The answer may come later than that of a sign-in which has just replaced the session."""
    laptop = browser()
    laptop.sign_in(user)
    end_user_sessions(user=user, reason=EndReason.PASSWORD_CHANGED)
    response = ask(laptop, user)
    assert not response.cookies
    assert response["Cache-Control"] == "no-store, private"
    assert "because the password was changed" in laptop.get("/account/login/").content.decode()


def test_asking_is_no_activity_and_one_statement(
    browser: Any, user: Any, django_assert_num_queries: Any
) -> None:
    laptop = browser()
    laptop.sign_in(user)
    long_ago = timezone.now() - timedelta(days=3)
    Session.objects.update(last_seen_at=long_ago)
    with django_assert_num_queries(1):
        assert state(laptop, user) == "alive"
    assert Session.objects.get().last_seen_at == long_ago


def test_the_mark_says_nothing_about_the_user(user: Any) -> None:
    assert str(user.pk) != mark_of(user.pk) and len(mark_of(user.pk)) == 40
    assert mark_of(user.pk) != mark_of(get_user_model()(pk=user.pk + 1).pk)


def test_whether_one_is_signed_in_is_only_asked(browser: Any) -> None:
    assert browser().post("/account/devices/alive").status_code == 405
