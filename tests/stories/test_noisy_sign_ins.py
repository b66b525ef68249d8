"""L11: many sign-ins that look wrong neither flood a mailbox nor hide the one that matters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models import F

from sessions_ui.actions.sign_in.alert import MOST
from sessions_ui.delivery import deliver_due
from tests.models import Delivery

pytestmark = pytest.mark.django_db

SWEDEN = "89.160.20.112"
SYSTEMS = ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64")
FIREFOX = "Mozilla/5.0 ({}; rv:145.0) Gecko/20100101 Firefox/145.0"
CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
BROWSERS = (FIREFOX, CHROME, f"{CHROME} Edg/141.0.0.0", f"{CHROME} OPR/122.0.0.0")
# The owner's own is Firefox on Linux.
OTHERS = [form.format(system) for form in BROWSERS for system in SYSTEMS][:2] + [
    form.format(system) for form in BROWSERS[1:] for system in SYSTEMS
]


@pytest.fixture
def owner(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


def sign_in(browser: Any, person: Any, user_agents: list[str], **where: str) -> None:
    for user_agent in user_agents:
        browser(user_agent=user_agent, **where).sign_in(person)


def an_hour_later() -> None:
    hour = timedelta(hours=1, minutes=1)
    Delivery.objects.update(due_at=F("due_at") - hour, done_at=F("done_at") - hour)


def subjects() -> list[str]:
    return [str(message.subject) for message in mail.outbox]


def test_a_suspicious_sign_in_is_told_at_once_after_any_number_of_new_devices(
    owner: Any, user: Any, browser: Any
) -> None:
    sign_in(browser, user, OTHERS[: MOST + 1])
    deliver_due()
    assert subjects() == ["New sign-in to your account"] * MOST, "the sixth waits to be counted"
    mail.outbox.clear()
    sign_in(browser, user, OTHERS[:1], address=SWEDEN)
    deliver_due()
    (worse,) = mail.outbox
    assert "a country you haven’t used before" in worse.body and "/not-me/" in worse.body


def test_one_mail_an_hour_later_says_how_many_more_there_were(owner: Any, user: Any, browser: Any) -> None:
    sign_in(browser, user, OTHERS[: MOST + 4])
    deliver_due()
    mail.outbox.clear()
    deliver_due()
    assert subjects() == []
    an_hour_later()
    deliver_due()
    (rest,) = mail.outbox
    assert rest.subject == "4 more sign-ins to your account"
    assert "there have been 4 more that didn’t look like yours" in rest.body
    assert rest.to == [user.email]


def test_a_thief_causes_so_many_mails_and_no_more(owner: Any, user: Any, browser: Any) -> None:
    """docs/mails.md, "Never a storm": five of either verdict at once, and one an hour."""
    for _hour in range(3):
        sign_in(browser, user, OTHERS)
        sign_in(browser, user, OTHERS, address=SWEDEN)
        deliver_due()
        an_hour_later()
    deliver_due()
    assert subjects().count("New sign-in to your account") == 2 * MOST
    assert len(mail.outbox) <= 2 * MOST + 3


def test_what_is_done_to_one_account_silences_nothing_about_another(
    owner: Any, user: Any, other_user: Any, browser: Any
) -> None:
    browser().sign_in(other_user)
    sign_in(browser, user, OTHERS[: MOST + 2])
    deliver_due()
    mail.outbox.clear()
    sign_in(browser, other_user, OTHERS[:1])
    deliver_due()
    assert [message.to for message in mail.outbox] == [[other_user.email]]
