"""A mail server that is away: no mail loses an attempt, all of them wait together, the log has it once."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from smtplib import SMTPDataError
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from sessions_ui.channels.emails import channel as mail_channel
from sessions_ui.channels.emails.channel import SERVER
from sessions_ui.delivery import Outcome, deliver_all, send_or_keep
from sessions_ui.outbox import oldest_open
from tests.mailer import LOCMEM, SMTP, set_mailer
from tests.models import Act, Delivery, EndReason, Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def away(settings: Any) -> Callable[[], None]:
    """Nobody listens where the mail server was; `away()`: it is back."""
    set_mailer(settings, SMTP, host="127.0.0.1", port=1)

    def back() -> None:
        set_mailer(settings, LOCMEM)
        SERVER._next_try = 0.0  # half a minute later
        Delivery.objects.update(due_at=timezone.now())

    return back


@pytest.fixture
def silent(settings: Any) -> Iterator[None]:
    """It takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        set_mailer(settings, SMTP, host="127.0.0.1", port=server.getsockname()[1], timeout=0.2)
        yield


def enqueue(user: Any, number: int) -> None:
    act = Act.objects.create(reason=EndReason.ADMINISTRATOR)
    Delivery.objects.bulk_create(
        Delivery(act=act, user=user, channel="mail", receiver=f"{n}@people.example") for n in range(number)
    )


def message(**fields: Any) -> EmailMultiAlternatives:
    written = EmailMultiAlternatives(
        "Reset", "https://devices.example/reset/s3cret", to=["ada@people.example"], **fields
    )
    written.attach_alternative("<p>s3cret</p>", "text/html")
    return written


@pytest.mark.parametrize("outage", ["away", "silent"])
def test_where_the_mail_server_is_away_one_mail_is_tried_all_wait_and_none_loses_an_attempt(
    outage: str, request: pytest.FixtureRequest, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    request.getfixturevalue(outage)
    enqueue(user, 20)
    before = timezone.now()
    assert deliver_all() == {Outcome.LATER: 1}
    waiting = Delivery.objects.all()
    assert {(row.attempts, row.leased_until, row.parked_at, row.error) for row in waiting} == {
        (0, None, None, "")
    }
    waits = [row.due_at - before for row in waiting]
    assert timedelta(seconds=25) < min(waits) <= max(waits) < timedelta(seconds=60)
    [record] = caplog.records
    assert "The mail server cannot be reached" in record.message and record.exc_info


def test_mails_that_were_put_off_are_as_old_as_they_are(away: Callable[[], None], user: Any) -> None:
    """Not due, but late: whoever watches the outbox sees the outage."""
    enqueue(user, 2)
    Delivery.objects.update(created_at=timezone.now() - timedelta(minutes=20))
    deliver_all()
    assert not Delivery.objects.filter(due_at__lte=timezone.now()).exists()
    waiting = oldest_open()
    assert waiting is not None and waiting >= timedelta(minutes=20)


def test_mails_that_come_meanwhile_join_those_that_wait_without_a_try_or_a_line(
    away: Callable[[], None], user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    enqueue(user, 1)
    deliver_all()
    for _ in range(5):
        enqueue(user, 3)
        deliver_all()
    assert len(caplog.records) == 1 and SERVER._failures == 1
    assert not Delivery.objects.exclude(attempts=0).exists()


def test_when_it_is_back_all_go_out(
    away: Callable[[], None], user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    enqueue(user, 20)
    deliver_all()
    away()
    assert deliver_all() == {Outcome.DELIVERED: 20}
    assert len(mail.outbox) == 20
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}
    assert "The mail server can be reached again" in caplog.messages[-1]


def test_an_outage_of_a_day_gives_nothing_up(away: Callable[[], None], user: Any) -> None:
    enqueue(user, 1)
    for _ in range(30):
        Delivery.objects.update(due_at=timezone.now())
        SERVER._next_try = 0.0
        deliver_all()
    assert SERVER._failures == 30
    assert Delivery.objects.get().parked_at is None
    away()
    assert deliver_all() == {Outcome.DELIVERED: 1}


def test_the_one_that_was_tried_comes_after_the_others(away: Callable[[], None], user: Any) -> None:
    """Should it be the one that the server cannot stand, the others do not wait for it."""
    enqueue(user, 3)
    first = Delivery.objects.order_by("due_at").first()
    deliver_all()
    assert Delivery.objects.order_by("due_at").last() == first


def test_webhooks_do_not_wait_for_the_mail_server(
    away: Callable[[], None], user: Any, hooks: Any, endpoint: Any
) -> None:
    enqueue(user, 5)
    Delivery.objects.create(endpoint=endpoint, channel="webhook", receiver="endpoint")
    assert deliver_all() == {Outcome.LATER: 1, Outcome.DELIVERED: 1}


def test_what_is_wrong_with_one_mail_is_its_own(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is there and takes this one not."""

    def refuse(backend: Any, messages: Any) -> int:
        if messages[0].to == ["0@people.example"]:
            raise SMTPDataError(451, b"not now")
        return len(messages)

    monkeypatch.setattr(f"{LOCMEM}.send_messages", refuse)
    enqueue(user, 3)
    assert deliver_all() == {Outcome.LATER: 1, Outcome.DELIVERED: 2}
    assert Delivery.objects.get(done_at=None).attempts == 1


def test_deliveries_that_go_in_one_mail_lose_no_attempt_either(away: Callable[[], None], user: Any) -> None:
    for reason in (EndReason.ADMINISTRATOR, EndReason.HELP_DESK):
        act, held = Act.objects.create(reason=reason), timezone.now()
        Delivery.objects.create(act=act, user=user, channel="mail", receiver=user.email, held_at=held)
    deliver_all()
    assert set(Delivery.objects.values_list("attempts", "leased_until")) == {(0, None)}


def test_without_a_mailer_mails_wait_and_lose_no_attempt(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """MAILERS = {}, where Django knows it."""

    def no_such_mailer() -> Any:
        raise ImproperlyConfigured

    enqueue(user, 2)
    if hasattr(mail, "mailers"):
        mailers, settings.MAILERS = settings.MAILERS, {}
        assert deliver_all() == {Outcome.LATER: 1}
        settings.MAILERS = mailers
    else:
        with monkeypatch.context() as without:
            without.setattr(mail_channel, "new_connection", no_such_mailer)
            assert deliver_all() == {Outcome.LATER: 1}
    assert set(Delivery.objects.values_list("attempts", "error")) == {(0, "")}
    [said] = caplog.records
    name = "MailerDoesNotExist" if hasattr(mail, "mailers") else "ImproperlyConfigured"
    assert said.getMessage() == f"The mail server cannot be reached ({name}): mails wait."
    assert said.exc_info is None  # nothing but the settings is to blame
    SERVER.reset()
    Delivery.objects.update(due_at=timezone.now())
    assert deliver_all() == {Outcome.DELIVERED: 2}


# --- Mails of the host project


def test_a_mail_of_the_host_is_sent_at_once(db: None) -> None:
    send_or_keep(message())
    assert len(mail.outbox) == 1 and not Delivery.objects.exists()


def test_a_mail_of_the_host_waits_encrypted_and_goes_out_as_it_was(away: Callable[[], None]) -> None:
    send_or_keep(message(from_email="site@devices.example", headers={"X-Kind": "reset"}))
    row = Delivery.objects.get()
    assert row.receiver == "ada@people.example" and "s3cret" not in repr(row.__dict__)
    away()
    assert deliver_all() == {Outcome.DELIVERED: 1}
    [sent] = mail.outbox
    assert (sent.subject, sent.to, sent.from_email) == (
        "Reset",
        ["ada@people.example"],
        "site@devices.example",
    )
    assert sent.body == "https://devices.example/reset/s3cret"
    assert [tuple(part) for part in sent.alternatives] == [("<p>s3cret</p>", "text/html")]
    assert sent.extra_headers["X-Kind"] == "reset" and str(row.pk) in sent.extra_headers["Message-ID"]
    row.refresh_from_db()
    assert row.sealed is None, "nothing of it is kept"
    assert not Event.objects.filter(kind=Event.Kind.DELIVERED).exists()


def test_a_mail_of_the_host_that_is_refused_is_tried_again_by_the_worker(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(backend: Any, messages: Any) -> int:
        raise SMTPDataError(451, b"not now")

    with monkeypatch.context() as refusing:
        refusing.setattr(f"{LOCMEM}.send_messages", refuse)
        send_or_keep(message())
    assert deliver_all() == {Outcome.DELIVERED: 1} and len(mail.outbox) == 1


def test_a_mail_of_the_host_whose_key_is_gone_is_given_up(away: Callable[[], None], settings: Any) -> None:
    send_or_keep(message())
    settings.SECRET_KEY = "another one"
    away()
    assert deliver_all() == {Outcome.GIVEN_UP: 1}
    assert Delivery.objects.get().error == "it cannot be read any more"
