"""django-hijack's buttons, banner and signals, on our impersonation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import clear_url_caches, set_urlconf
from hijack import signals

from tests.models import Device, EndReason, Event, Session
from tests.sessions_ui.impersonation.test_rules import whose

pytestmark = pytest.mark.django_db

ACQUIRE, RELEASE = "/hijack/acquire/", "/hijack/release/"


@pytest.fixture(autouse=True)
def _hijack(settings: Any) -> Iterator[None]:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "hijack"]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "hijack.middleware.HijackUserMiddleware"]
    settings.HIJACK_PERMISSION_CHECK = "hijack.permissions.superusers_and_staff"
    settings.ROOT_URLCONF = "tests.sessions_ui.impersonation.hijack_urls"
    clear_url_caches()
    yield
    set_urlconf(None)
    clear_url_caches()


@pytest.fixture
def hijacked(desk: Any, user: Any) -> Any:
    response = desk.post(ACQUIRE, {"user_pk": user.pk, "next": "/account/devices/"})
    assert (response.status_code, response.get("Location")) == (302, "/account/devices/")
    return desk


def test_a_hijack_is_an_impersonation_with_the_same_label(hijacked: Any, user: Any, support: Any) -> None:
    session = Session.objects.get(impersonated_from__isnull=False)
    assert (session.user, session.impersonator, session.impersonation_reason) == (user, support, "Support")
    assert session.impersonated_from == Session.objects.get(user=support)
    assert not Device.objects.filter(user=user).exists()
    assert Event.objects.filter(kind=Event.Kind.IMPERSONATED, user=user, actor=support).exists()
    user.refresh_from_db()
    assert user.last_login is None


def test_a_form_may_say_why(desk: Any, user: Any) -> None:
    desk.post(ACQUIRE, {"user_pk": user.pk, "reason": "Your invoice"})
    assert Session.objects.get(impersonated_from__isnull=False).impersonation_reason == "Your invoice"


def test_the_owner_sees_it(hijacked: Any, browser: Any, user: Any) -> None:
    laptop = browser()
    laptop.sign_in(user)
    assert "Support is using your account" in laptop.get("/account/devices/").content.decode()


def test_hijacks_own_banner_shows_and_its_button_releases(hijacked: Any, support: Any) -> None:
    assert "working on behalf of" in hijacked.get("/account/devices/").content.decode()
    hijacked.post(RELEASE)
    assert whose(hijacked) == support.email
    assert "working on behalf of" not in hijacked.get("/account/devices/").content.decode()
    ended = Session.objects.get(impersonated_from__isnull=False)
    assert ended.end_reason == EndReason.SIGNED_OUT


def test_the_signals_of_django_hijack_are_sent(desk: Any, user: Any, support: Any) -> None:
    heard = []

    def listen(signal: Any, hijacker: Any, hijacked: Any, **kwargs: Any) -> None:
        heard.append((signal, hijacker.pk, hijacked.pk))

    for signal in (signals.hijack_started, signals.hijack_ended):
        signal.connect(listen)
    try:
        desk.post(ACQUIRE, {"user_pk": user.pk})
        desk.post(RELEASE)
    finally:
        for signal in (signals.hijack_started, signals.hijack_ended):
            signal.disconnect(listen)
    assert heard == [
        (signals.hijack_started, support.pk, user.pk),
        (signals.hijack_ended, support.pk, user.pk),
    ]


def test_no_act_of_the_owner(hijacked: Any, user: Any) -> None:
    assert hijacked.post("/account/devices/sign-out-others/").status_code == 403
    assert hijacked.post("/change/", {"password": "another horse battery"}).status_code == 403


def test_a_hijack_needs_the_yes_of_both_rules(desk: Any, user: Any, support: Any, settings: Any) -> None:
    settings.HIJACK_PERMISSION_CHECK = "hijack.permissions.superusers_only"
    assert desk.post(ACQUIRE, {"user_pk": user.pk}).status_code == 403
    settings.HIJACK_PERMISSION_CHECK = "hijack.permissions.superusers_and_staff"
    support.user_permissions.clear()
    assert desk.post(ACQUIRE, {"user_pk": user.pk}).status_code == 403


@pytest.mark.parametrize(("fields", "status"), [({}, 400), ({"user_pk": "x"}, 404), ({"user_pk": "0"}, 404)])
def test_nonsense_is_no_error_of_ours(fields: dict[str, str], status: int, desk: Any) -> None:
    assert desk.post(ACQUIRE, fields).status_code == status


def test_after_a_hijack_the_next_page_is_one_of_this_site(hijacked: Any) -> None:
    response = hijacked.post(RELEASE, {"next": "https://evil.example/"})
    assert response["Location"].startswith("/")


def test_nothing_to_release_is_refused(desk: Any) -> None:
    assert desk.post(RELEASE).status_code == 403
