"""A tablet that lies in a drawer: its owner, on a laptop, has had it signed out; it lies there for months."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from sessions_ui.actions.endings.unused import end_unused
from sessions_ui.delivery import deliver_due
from tests.models import Session
from tests.unused import let_them_last

pytestmark = pytest.mark.django_db

TABLET = (
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1"
)
PAGE = "/account/devices/"


@pytest.fixture
def travel(time_machine: Any) -> Any:
    time_machine.move_to(timezone.now(), tick=False)
    return lambda days: time_machine.move_to(timezone.now() + timedelta(days=days), tick=False)


def run() -> list[Any]:
    """What beat does each hour, and the mails of it."""
    mail.outbox.clear()
    end_unused()
    deliver_due()
    return [(letter.to, letter.subject) for letter in mail.outbox]


def live_with(client: Any, days: int, travel: Any) -> None:
    """The days pass, and somebody looks at the page on each tenth."""
    for _ in range(days // 10):
        travel(10)
        assert client.get(PAGE).status_code == 200


def test_a_tablet_in_a_drawer_is_named_by_mail_and_signed_out_a_week_later(
    user: Any, browser: Any, settings: Any, travel: Any
) -> None:
    let_them_last(settings)
    laptop, tablet = browser(), browser(user_agent=TABLET)
    tablet.sign_in(user)
    laptop.sign_in(user)
    laptop.post(f"{PAGE}unused/", {"months": "3"})
    run()  # the mail about the new sign-in
    live_with(laptop, 80, travel)
    assert run() == []
    live_with(laptop, 10, travel)
    assert run() == [([user.email], "A device that you don’t use will be signed out")]
    assert "Not used for 30 days (1)" in laptop.get(PAGE).content.decode()
    travel(8)
    assert run() == [([user.email], "A device was signed out of your account")]
    html = laptop.get(PAGE).content.decode()
    assert "because it was unused for months" in html
    answer = tablet.get(PAGE, follow=True).content.decode()
    assert "You were signed out because this device was unused for months." in answer
    assert run() == [], "there is nothing more to say"


def test_whoever_takes_it_out_of_the_drawer_in_that_week_goes_on(
    user: Any, browser: Any, settings: Any, travel: Any
) -> None:
    let_them_last(settings)
    laptop, tablet = browser(), browser(user_agent=TABLET)
    tablet.sign_in(user)
    laptop.sign_in(user)
    laptop.post(f"{PAGE}unused/", {"months": "3"})
    run()  # the mail about the new sign-in
    live_with(laptop, 90, travel)
    assert len(run()) == 1
    travel(6)
    assert tablet.get(PAGE).status_code == 200
    live_with(laptop, 70, travel)
    assert run() == []
    assert tablet.get(PAGE).status_code == 200
    assert Session.objects.living().count() == 2
