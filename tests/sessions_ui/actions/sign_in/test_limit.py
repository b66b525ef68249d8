"""The limit of concurrent sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.exceptions import SignInRefused
from tests.models import Device, EndReason, Session

pytestmark = pytest.mark.django_db


def limited(settings: Any, **values: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **values}


@pytest.mark.control("ASVS 7.1.2")
def test_the_oldest_ends(user: Any, browser: Any, settings: Any) -> None:
    limited(settings, SESSION_LIMIT=2)
    for _ in range(3):
        browser().force_login(user)
    reasons = list(Session.objects.order_by("pk").values_list("end_reason", flat=True))
    assert reasons == [EndReason.SESSION_LIMIT, "", ""]


def test_the_oldest_is_that_of_the_oldest_sign_in_not_of_the_oldest_row(
    user: Any, browser: Any, settings: Any
) -> None:
    """A row may be older than its sign-in: it was an anonymous visitor's."""
    limited(settings, SESSION_LIMIT=2)
    for _ in range(2):
        browser().force_login(user)
    visitor, oldest = Session.objects.order_by("pk")
    Session.objects.filter(pk=oldest.pk).update(signed_in_at=timezone.now() - timedelta(days=1))
    browser().force_login(user)
    assert list(Session.objects.exclude(end_reason="")) == [oldest]
    assert Session.objects.living().filter(pk=visitor.pk).exists()


def test_over_the_limit_a_session_on_a_confirmed_device_ends_last(
    user: Any, browser: Any, settings: Any
) -> None:
    limited(settings, SESSION_LIMIT=2)
    browser().force_login(user)
    Device.objects.update(confirmed_at=timezone.now())
    for _ in range(2):
        browser().force_login(user)
    reasons = list(Session.objects.order_by("pk").values_list("end_reason", flat=True))
    assert reasons == ["", EndReason.SESSION_LIMIT, ""]


@pytest.mark.parametrize("kind", [Session.Kind.TOKEN, Session.Kind.APP])
def test_tokens_and_apps_neither_count_nor_go(kind: str, user: Any, browser: Any, settings: Any) -> None:
    """Nobody wants a script to stop because a browser signed in."""
    limited(settings, SESSION_LIMIT=1)
    long_ago = timezone.now() - timedelta(days=9)
    script = Session.objects.create(
        user=user,
        kind=kind,
        digest="a script",
        signed_in_at=long_ago,
        expires_at=timezone.now() + timedelta(days=9),
    )
    browser().force_login(user)
    assert not Session.objects.filter(ended_at__isnull=False).exists(), "there was room"
    browser().force_login(user)
    ended = Session.objects.get(ended_at__isnull=False)
    assert (ended.kind, ended.end_reason) == ("browser", EndReason.SESSION_LIMIT)
    assert Session.objects.living().filter(pk=script.pk).exists()


@pytest.mark.control("ASVS 7.1.2")
def test_the_limit_may_refuse_the_new_sign_in_instead(user: Any, browser: Any, settings: Any) -> None:
    limited(settings, SESSION_LIMIT=1, SESSION_LIMIT_REFUSES=True)
    browser().force_login(user)
    with pytest.raises(SignInRefused) as caught:
        browser().force_login(user)
    assert caught.value.reason == EndReason.SESSION_LIMIT
    assert Session.objects.living().count() == 1


def test_a_refused_person_is_told_and_not_shown_an_error(user: Any, browser: Any, settings: Any) -> None:
    limited(settings, SESSION_LIMIT=1, SESSION_LIMIT_REFUSES=True)
    browser().sign_in(user)
    late = browser()
    response = late.post(
        "/account/login/", {"login": user.email, "password": "correct horse battery staple"}, follow=True
    )
    assert response.status_code == 200
    assert "Too many devices are signed in" in response.content.decode()
    assert Session.objects.living().count() == 1


def test_signing_in_again_in_the_same_browser_needs_no_room(user: Any, browser: Any, settings: Any) -> None:
    limited(settings, SESSION_LIMIT=1, SESSION_LIMIT_REFUSES=True)
    client = browser()
    client.sign_in(user)
    del client.cookies["sessionid"]
    client.sign_in(user)
    assert Session.objects.living().count() == 1


def test_the_limit_may_depend_on_the_user(user: Any, other_user: Any, browser: Any, settings: Any) -> None:
    limited(settings, SESSION_LIMIT=lambda person: 1 if person.pk == user.pk else None)
    for person in (user, user, other_user, other_user):
        browser().force_login(person)
    assert Session.objects.of(user).living().count() == 1
    assert Session.objects.of(other_user).living().count() == 2
