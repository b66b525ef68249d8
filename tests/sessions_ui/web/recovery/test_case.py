"""The page with the steps: who gets to it, and what it says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.signing import dumps
from django.urls import reverse
from django.utils import timezone

from sessions_ui.actions.recovery.close import lift_recovery
from sessions_ui.actions.recovery.open import open_recovery
from sessions_ui.not_me_link import not_me_token, recovery_token
from sessions_ui.web.recovery.entrance import COOKIE
from sessions_ui.web.responses.link_cookie import cookie_name
from tests.models import AccountState, Delivery, Event, Recovery, Session

pytestmark = pytest.mark.django_db

PAGE = "/account/devices/recovery/"
NEW = {"new_password1": "a horse of another colour", "new_password2": "a horse of another colour"}


@pytest.fixture
def case(user: Any) -> Any:
    since = timezone.now() - timedelta(hours=1)
    return open_recovery(user=user, since=since, opened_by=Recovery.OpenedBy.MAIL, address=user.email)


def link_of(case: Any) -> str:
    mailed = Delivery.objects.filter(event__kind=Event.Kind.RECOVERY_LINK, user=case.user_id).latest("pk")
    return reverse("sessions_ui:recovery_link", args=[recovery_token(mailed.pk)])


@pytest.fixture
def here(case: Any, browser: Any) -> Any:
    """Signed in nowhere, with the link opened."""
    client = browser()
    client.get(link_of(case))
    return client


def test_the_address_bar_and_the_logs_have_the_link_for_one_redirect(case: Any, browser: Any) -> None:
    client = browser()
    response = client.get(link_of(case))
    assert (response.status_code, response.url) == (302, PAGE)
    cookie = response.cookies[cookie_name(COOKIE)]
    assert cookie["path"] == PAGE and cookie["httponly"] and cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 259200
    page = client.get(PAGE)
    assert page.status_code == 200 and "no-store" in page.headers["Cache-Control"]
    assert cookie.value not in page.content.decode()


def test_a_scanner_that_opens_it_changes_nothing(case: Any, browser: Any) -> None:
    events, sessions = Event.objects.count(), Session.objects.count()
    for _ in range(5):
        scanner = browser(user_agent="scanner/1.0")
        scanner.get(link_of(case), follow=True)
    assert (Event.objects.count(), Session.objects.count()) == (events, sessions)
    assert browser().post(link_of(case)).status_code == 405


def test_the_link_to_a_recovery_is_good_for_as_long_as_a_password_reset(
    case: Any, here: Any, browser: Any
) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1)):
        assert here.get(PAGE).status_code == 410
        assert here.post(f"{PAGE}password/", NEW).status_code == 410
        assert cookie_name(COOKIE) not in browser().get(link_of_later(case)).cookies


def link_of_later(case: Any) -> str:
    with time_machine.travel(timezone.now() - timedelta(days=3, minutes=1)):
        return link_of(case)


def test_what_is_forged_or_is_another_link_opens_nothing(case: Any, browser: Any) -> None:
    mailed = Delivery.objects.get(event__kind=Event.Kind.RECOVERY_LINK)
    for token in ("nonsense", dumps(mailed.pk), not_me_token(mailed.pk), recovery_token(mailed.pk + 1)):
        client = browser()
        client.get(reverse("sessions_ui:recovery_link", args=[token]))
        assert client.get(PAGE).status_code == 410


def test_another_site_cannot_press_the_buttons(case: Any, browser: Any, user: Any) -> None:
    client = browser(enforce_csrf_checks=True)
    client.get(link_of(case))
    for step in ("password", "credentials"):
        assert client.post(f"{PAGE}{step}/", NEW).status_code == 403
    assert Recovery.objects.get().password_at is None


def test_somebody_elses_session_sees_nothing_of_it(case: Any, browser: Any, other_user: Any) -> None:
    client = browser()
    client.sign_in(other_user)
    assert client.get(PAGE).url == "/account/devices/"
    client.post(f"{PAGE}credentials/")
    assert Recovery.objects.get().credentials_at is None


def test_people_without_a_password_are_sent_to_their_provider(user: Any, browser: Any) -> None:
    user.set_unusable_password()
    user.save()
    client = browser()
    client.force_login(user)
    Session.objects.update(provider="okta")
    since = timezone.now() - timedelta(hours=1)
    case = open_recovery(user=user, since=since, opened_by=Recovery.OpenedBy.MAIL, address=user.email)
    here = browser()
    here.get(link_of(case))
    html = here.get(PAGE).content.decode()
    assert "you sign in through Okta" in html and "new_password1" not in html
    here.post(f"{PAGE}credentials/")
    assert Recovery.objects.get().closed_why == "done"


def test_the_page_of_a_recovery_says_how_it_ended(case: Any, here: Any, user: Any, agent: Any) -> None:
    lift_recovery(user=user, actor=agent)
    html = here.get(PAGE).content.decode()
    assert "The help desk ended the recovery" in html and "yours again" not in html
    assert "no longer signs anybody in. Ask for a new one" in html


def test_a_new_password_signs_out_whoever_is_in(user: Any, browser: Any) -> None:
    other = browser()
    other.sign_in(user)
    since = timezone.now() - timedelta(hours=1)
    case = open_recovery(user=user, since=since, opened_by=Recovery.OpenedBy.MAIL, address=user.email)
    here = browser()
    here.get(link_of(case))
    here.post(f"{PAGE}password/", NEW)
    user.refresh_from_db()
    assert user.check_password(NEW["new_password1"])
    assert AccountState.objects.get(pk=user.pk).password_required_at is None
    assert not Session.objects.living().exists()
    assert other.get("/account/devices/").status_code == 302


def test_a_disabled_account_is_not_said_to_be_usable_again(case: Any, here: Any, user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    here.post(f"{PAGE}password/", NEW)
    html = here.post(f"{PAGE}credentials/", follow=True).content.decode()
    case.refresh_from_db()
    assert case.closed_why == "done"
    assert "This account has been turned off" in html
    assert "yours again" not in html and "use and change your account" not in html
