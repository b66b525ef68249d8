"""`manage.py deliver`: what cron hears of it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from sessions_ui.channels import CHANNELS, DeliveryFailed
from tests.models import Act, Delivery, EndReason, Heartbeat

pytestmark = pytest.mark.django_db


def queue(number: int) -> None:
    act = Act.objects.create(reason=EndReason.ADMINISTRATOR)
    Delivery.objects.bulk_create(
        [Delivery(act=act, channel="mail", receiver=f"{n}@people.example") for n in range(number)]
    )


def run(*arguments: str) -> tuple[str, int]:
    """What it says, and its exit code."""
    out = StringIO()
    try:
        call_command("deliver", *arguments, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


class Broken:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def deliver(self, delivery: Delivery) -> None:
        raise self.error


@pytest.fixture(autouse=True)
def _letters(monkeypatch: Any) -> None:
    """What a letter says is no matter here."""
    monkeypatch.setitem(CHANNELS, "mail", type("Silent", (), {"deliver": lambda self, delivery: None})())


def test_deliver_goes_on_until_nothing_is_due(db: None) -> None:
    queue(250)
    said, code = run()
    assert code == 0 and said.startswith("250 delivered, 0 not wanted, 0 to be tried again, 0 given up")
    assert not Delivery.objects.filter(done_at__isnull=True).exists()


def test_deliver_is_silent_when_there_is_nothing_to_do() -> None:
    assert run() == ("", 0)


def test_once_is_one_batch_and_the_exit_code_says_that_more_is_due() -> None:
    queue(150)
    said, code = run("--once")
    assert code == 1 and said.startswith("100 delivered") and "more are due" in said


def test_the_time_of_deliver_is_bounded() -> None:
    queue(1)
    assert run("--seconds", "-1") == ("", 1)


def test_what_will_be_tried_again_is_no_error(monkeypatch: Any) -> None:
    queue(1)
    monkeypatch.setitem(CHANNELS, "mail", Broken(TimeoutError()))
    said, code = run()
    assert code == 0 and "1 to be tried again" in said


def test_what_was_given_up_is_one(monkeypatch: Any) -> None:
    queue(1)
    monkeypatch.setitem(CHANNELS, "mail", Broken(DeliveryFailed("no such mailbox", permanent=True)))
    said, code = run()
    assert code == 1 and "1 given up" in said


def test_deliver_is_the_workers_sign_of_life() -> None:
    before = timezone.now()
    run()
    seen = Heartbeat.last("worker")
    assert seen is not None and seen >= before
