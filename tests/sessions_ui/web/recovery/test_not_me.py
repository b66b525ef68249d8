"""The link "This wasn't me": opened by anybody and anything, it changes nothing; confirmed once, it does its work."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.signing import dumps
from django.utils import timezone

from accounts.models import VerifiedAddress
from sessions_ui import models
from sessions_ui.actions.devices.not_me import report_by_link
from sessions_ui.database import moments
from sessions_ui.delivery import deliver_due
from sessions_ui.not_me_link import not_me_token
from tests.interleaving import just_before
from tests.models import AccountState, Delivery, EndReason, Event, Recovery, Session

pytestmark = pytest.mark.django_db

THIEF = "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture
def owner(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


@pytest.fixture
def thief(browser: Any, user: Any, owner: Any) -> Any:
    client = browser(user_agent=THIEF, address="89.160.20.112")
    client.sign_in(user)
    return client


@pytest.fixture
def link(thief: Any) -> str:
    """The path in the mail that the owner got."""
    mail.outbox.clear()
    deliver_due()
    (message,) = mail.outbox
    found = re.search(r"https://devices\.example(/account/devices/not-me/\S+)", message.body)
    assert found and found[1] in message.alternatives[0][0]
    return found[1]


def theirs() -> Session:
    return Session.objects.select_related("device").latest("pk")


def test_the_mail_says_which_device_where_and_when(link: str, user: Any) -> None:
    (message,) = mail.outbox
    assert message.to == [user.email] and message.subject == "New sign-in to your account"
    for text in (
        "Firefox on Windows",
        "Near Linköping, Sweden (approximate), 89.160.20.112",
        " UTC",
        "with a password",
        "a new device",
        "a country you haven’t used before",
        "you can’t switch them off",
    ):
        assert text in message.body and text in unescape(message.alternatives[0][0]), text


def test_what_whoever_signed_in_can_type_is_not_in_the_mail(thief: Any, user: Any) -> None:
    """A device's name is its user's: "Your own laptop" would be a lie in our own words."""
    device = theirs().device
    device.name = "<b>Your own laptop</b>"
    device.save()
    mail.outbox.clear()
    deliver_due()
    (message,) = mail.outbox
    assert "own laptop" not in message.body and "own laptop" not in message.alternatives[0][0]


@pytest.mark.parametrize("everywhere", [False, True])
def test_the_page_says_that_the_browser_in_which_it_was_pressed_goes_on(
    everywhere: bool, owner: Any, link: str, browser: Any, user: Any
) -> None:
    """Only where it is the owner's, and signed in."""
    stays = "The device you’re using now stays signed in."
    later = browser(user_agent=THIEF.replace("Windows NT 10.0", "X11; Linux x86_64"))
    later.sign_in(user)
    form = {"everywhere": "on"} if everywhere else {}
    assert stays in later.post(link, form).content.decode()
    assert later.get("/account/devices/").status_code == 200


def test_the_page_promises_no_browser_that_is_nobodys(link: str, browser: Any, other_user: Any) -> None:
    stranger = browser()
    stranger.sign_in(other_user)
    assert "stays signed in" not in stranger.post(link).content.decode()


def test_the_page_after_the_button_knows_that_the_recovery_is_over(link: str, browser: Any) -> None:
    here = browser()
    done = here.send(link).url
    assert "until you have it back" in here.get(done).content.decode()
    Recovery.objects.update(closed_at=timezone.now())
    html = here.get(done).content.decode()
    assert "The recovery of the account that began with it is over." in html
    assert "until you have it back" not in html and "on its way" not in html


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_scanner_that_opens_it_many_times_changes_nothing(method: str, link: str, browser: Any) -> None:
    scanner = browser(user_agent="scanner/1.0")
    events = Event.objects.count()
    for _ in range(20):
        getattr(scanner, method)(link)
    assert Event.objects.count() == events and theirs().is_living
    assert Delivery.objects.get().link_used_at is None
    assert browser().post(link).status_code == 200, "and it still works"
    assert theirs().end_reason == EndReason.NOT_ME


def test_the_page_shows_what_the_mail_told_and_nothing_of_the_account(
    link: str, browser: Any, user: Any
) -> None:
    response = browser().get(link, follow=True)
    html = response.content.decode()
    for text in (
        "Firefox on Windows",
        "Near Linköping, Sweden",
        "89.160.20.112",
        f" {moments.local(timezone.now()).tzname()}",
    ):
        assert text in html, text
    assert user.email not in html and "Firefox on Linux" not in html
    assert "no-store" in response.headers["Cache-Control"]


def test_confirming_ends_that_session_and_mails_the_link_to_the_steps_to_the_address_that_was_told(
    link: str, browser: Any, owner: Any, thief: Any, user: Any
) -> None:
    told_at = user.email
    user.emailaddress_set.all().delete()  # what a thief does first
    VerifiedAddress.objects.filter(user=user).update(removed_by_settled=False)
    user.email = "thief@elsewhere.example"
    user.save()
    mail.outbox.clear()
    response = browser().post(link)
    html = response.content.decode()
    assert response.status_code == 200 and "Now check your email" in html
    assert "a•••@people.example" in html and told_at not in html
    assert thief.get("/account/devices/").status_code == 302
    assert owner.get("/account/devices/").status_code == 200
    deliver_due()
    (steps,) = [message for message in mail.outbox if "/account/devices/recovery/" in message.body]
    assert steps.to == [told_at]
    event = Event.objects.get(kind=Event.Kind.NOT_ME)
    assert (event.session, event.actor_id) == (theirs(), None)


def test_the_recovery_is_of_the_account_that_was_told_and_of_no_other(
    administrator: Any, link: str, browser: Any, user: Any
) -> None:
    """`administrator` is older than `user`: the first row of the table."""
    assert administrator.pk < user.pk
    browser().post(link)
    assert Recovery.objects.get().user_id == user.pk
    for person in (user, administrator):
        waits = AccountState.objects.filter(pk=person.pk, password_required_at__isnull=False)
        assert waits.exists() is (person == user)


def test_everywhere_if_asked(link: str, browser: Any, owner: Any, thief: Any) -> None:
    browser().post(link, {"everywhere": "on"})
    for client in (owner, thief):
        assert client.get("/account/devices/").status_code == 302


def test_the_link_works_once(link: str, browser: Any, user: Any) -> None:
    browser().post(link)
    again = browser().post(link)
    assert again.status_code == 410 and "no longer works" in again.content.decode()
    assert browser().get(link).status_code == 410
    assert Event.objects.filter(kind=Event.Kind.NOT_ME).count() == 1


def test_of_two_presses_at_the_same_moment_one_acts_and_the_other_reads_that_the_link_is_used(
    link: str, browser: Any, other_user: Any
) -> None:
    delivery = Delivery.objects.get()
    bystander = Delivery.objects.create(
        event=delivery.event, user=other_user, channel="mail", receiver=other_user.email
    )
    receipts = []

    def press() -> None:
        receipts.append(report_by_link(delivery=delivery, session=theirs()))

    with just_before("UPDATE .sessions_ui_delivery. SET .link_used_at.", press):
        second = browser().post(link)
    assert receipts[0] and receipts[0].receipt.ended == 1
    assert second.status_code == 410 and "no longer works" in second.content.decode()
    assert Event.objects.filter(kind=Event.Kind.NOT_ME).count() == 1
    bystander.refresh_from_db()
    assert bystander.link_used_at is None


def test_the_link_expires(link: str, browser: Any) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert browser().get(link).status_code == 410
        assert browser().post(link).status_code == 410
    assert theirs().end_reason == ""


def test_a_forged_one_is_no_link(link: str, browser: Any) -> None:
    for token in (
        "nonsense",
        "1:1:1",
        dumps(Delivery.objects.get().pk),
        dumps("1", salt="sessions_ui.not_me"),
    ):
        assert browser().post(f"/account/devices/not-me/{token}/").status_code == 410
    assert theirs().is_living


def test_another_site_cannot_press_the_button(link: str, browser: Any) -> None:
    assert browser(enforce_csrf_checks=True).post(link).status_code == 403
    assert theirs().is_living


def test_the_key_that_signed_it_may_have_been_replaced(link: str, browser: Any, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one"
    assert browser().get(link, follow=True).status_code == 200


def test_people_who_sign_in_through_a_provider_keep_signing_in_there(
    link: str, browser: Any, user: Any
) -> None:
    user.set_unusable_password()
    user.save()
    html = browser().post(link).content.decode()
    assert "password" not in html and "Now check your email" in html
    assert AccountState.objects.get(pk=user.pk).password_required_at is None


def test_an_account_that_is_gone_has_nothing_to_recover(link: str, browser: Any, user: Any) -> None:
    user.delete()
    assert browser().post(link).status_code == 410


def test_a_sign_in_that_was_purged_has_nothing_to_report(link: str, browser: Any) -> None:
    opened = browser()
    page = opened.get(link).url
    gone = Session.objects.filter(pk=theirs().pk)
    gone._raw_delete(gone.db)
    for ask in (browser().get, browser().post):
        assert ask(link, follow=True).status_code == 410
    assert opened.get(page).status_code == opened.post(page).status_code == 410
    assert not Recovery.objects.exists() and Delivery.objects.get().link_used_at is None


def test_where_only_the_present_address_is_known_the_one_that_was_told_recovers_as_well(
    link: str, browser: Any, settings: Any, user: Any
) -> None:
    """A host without `ALERT_ADDRESSES`: a thief has changed the address since."""
    told = user.email
    settings.SESSIONS_UI = {
        name: value for name, value in settings.SESSIONS_UI.items() if name != "ALERT_ADDRESSES"
    }
    user.email = "thief@elsewhere.example"
    user.save()
    assert "Now check your email" in browser().post(link).content.decode()
    assert Recovery.objects.get().address == told
    assert theirs().device.not_me_at is not None


# --- The token stays in no address


def token_in(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def test_an_opened_link_moves_its_token_out_of_the_address_at_once(link: str, browser: Any) -> None:
    """Addresses are what servers and proxies write into their logs."""
    here = browser()
    sessions = models.Session.objects.count()
    response = here.get(link)
    assert response.status_code == 302 and token_in(link) not in response.url
    (cookie,) = response.cookies.values()
    assert (cookie.value, cookie["path"], cookie["max-age"]) == (token_in(link), response.url, 1800)
    assert cookie["httponly"] and cookie["secure"] and cookie["samesite"] == "Lax"
    page = here.get(response.url)
    assert page.status_code == 200 and token_in(link) not in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"] and "no-store" in response.headers["Cache-Control"]
    assert here.post(response.url).status_code == 200
    assert theirs().end_reason == EndReason.NOT_ME
    assert models.Session.objects.count() == sessions, "and nobody got a session by it"


def test_of_two_links_that_are_open_at_once_each_button_acts_for_its_own(
    link: str, browser: Any, user: Any
) -> None:
    first = theirs()
    browser(user_agent=THIEF.replace("Windows", "Macintosh"), address="89.160.20.112").sign_in(user)
    second = theirs()
    delivery = Delivery.objects.latest("pk")
    there = f"/account/devices/not-me/{not_me_token(delivery.pk)}/"
    here = browser()
    pages = [here.get(path).url for path in (link, there)]
    here.post(pages[1])  # the younger one: the other would end what signed in after it, too
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_living, second.end_reason) == (True, EndReason.NOT_ME)


def test_the_page_without_its_cookie_is_gone_and_makes_no_session(link: str, browser: Any) -> None:
    opened = browser().get(link).url
    stranger = browser()
    assert stranger.get(opened).status_code == stranger.post(opened).status_code == 410
    assert "sessionid" not in stranger.cookies and theirs().is_living


def test_a_forged_link_makes_neither_a_cookie_nor_a_session(link: str, browser: Any) -> None:
    stranger = browser()
    assert stranger.get("/account/devices/not-me/1:1:1/").status_code == 410
    assert set(stranger.cookies) <= {"csrftoken"}, "which every page with a form has"


def test_a_cookie_of_another_link_opens_nothing(link: str, browser: Any) -> None:
    here = browser()
    opened = here.get(link).url
    (name,) = [name for name in here.cookies if "not-me" in name]
    here.cookies[name] = not_me_token(Delivery.objects.get().pk + 1)
    assert here.get(opened).status_code == 410


def test_without_an_address_of_the_site_no_link_is_promised(link: str, browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SITE_URL": ""}
    html = browser().post(link).content.decode()
    assert "Now check your email" not in html and "a device that you’ve used before" in html
