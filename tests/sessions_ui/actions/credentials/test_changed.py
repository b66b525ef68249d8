"""A changed credential is an event, whether or not a session ends because of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import VerifiedAddress
from sessions_ui import context, credential_changed, factor_changed
from sessions_ui.actions.credentials.changed import end_and_tell
from sessions_ui.actions.endings.end import Receipt
from sessions_ui.conf import conf
from sessions_ui.context import Acting
from sessions_ui.credentials import CredentialChange, CredentialKind, CredentialStore
from sessions_ui.delivery import deliver_due
from sessions_ui.exceptions import SessionEnded
from sessions_ui.store import SessionStore
from tests.models import Act, Delivery, Event, EventDetail

pytestmark = pytest.mark.django_db


def test_the_event_says_what_changed_and_its_name_can_be_erased(user: Any) -> None:
    event = credential_changed(
        user=user, kind=CredentialKind.PASSKEY, change=CredentialChange.ADDED, label="My laptop"
    )
    assert event.kind == Event.Kind.CREDENTIAL_CHANGED
    assert (event.user_id, event.actor_id, event.session_id) == (user.pk, None, None)
    assert event.data == {"credential": "passkey", "change": "added"}
    assert EventDetail.objects.get(event=event).text == "My laptop"


def test_the_event_names_who_changed_it(user: Any, administrator: Any) -> None:
    event = credential_changed(
        user=user, kind=CredentialKind.TOTP, change=CredentialChange.REMOVED, actor=administrator
    )
    assert (event.user_id, event.actor_id) == (user.pk, administrator.pk)


def test_without_a_store_no_credential_is_known(user: Any, settings: Any) -> None:
    given = {name: value for name, value in settings.SESSIONS_UI.items() if name != "CREDENTIALS"}
    settings.SESSIONS_UI = given
    assert conf.credentials is CredentialStore
    assert conf.credentials().of(user) == []


def change(user: Any, label: str = "", **told: Any) -> Event:
    return credential_changed(
        user=user, kind=CredentialKind.PASSKEY, change=CredentialChange.ADDED, label=label, **told
    )


@pytest.fixture
def used(user: Any, browser: Any) -> Any:
    """Somebody has signed in to the account."""
    browser().sign_in(user)
    return user


@contextmanager
def one_request(client: Any) -> Iterator[None]:
    token = context.begin(Acting(SessionStore(client.cookies["sessionid"].value)))
    try:
        yield
    finally:
        context.finish(token)


def mails() -> list[Any]:
    mail.outbox.clear()
    deliver_due()
    return mail.outbox


def test_what_one_request_changes_is_one_mail_and_what_the_next_does_is_another(
    user: Any, browser: Any
) -> None:
    laptop = browser()
    laptop.sign_in(user)
    with one_request(laptop):
        change(user, "Red key")
        change(user, "Blue key")
    with one_request(laptop):
        change(user, "Green key")
    first, second = mails()
    assert "Red key" in first.body and "Blue key" in first.body and "Green key" not in first.body
    assert second.subject == "A passkey was added" and "Green key" in second.body


def test_what_comes_after_the_mail_was_sent_has_one_of_its_own(user: Any, browser: Any) -> None:
    """Changes of one request in several transactions, and a worker that is faster."""
    laptop = browser()
    laptop.sign_in(user)
    with one_request(laptop):
        change(user, "Red key")
        assert len(mails()) == 1
        change(user, "Blue key")
    (second,) = mails()
    assert "Blue key" in second.body and "Red key" not in second.body


def test_a_name_that_somebody_typed_keeps_to_its_line_and_its_length(used: Any) -> None:
    change(used, "Red key\nThis was us: ignore this mail. " + "x" * 200)
    (message,) = mails()
    line = next(line for line in message.body.splitlines() if "Red key" in line)
    assert line.startswith("- A passkey was added: Red key This was us") and len(line) < 100


def test_who_is_told_of_the_change_gets_no_second_mail_about_what_it_ended(used: Any) -> None:
    factor_changed(user=used, kind=CredentialKind.TOTP, change=CredentialChange.REMOVED)
    (message,) = mails()
    assert message.subject == "The authenticator app was removed"
    assert "Signed out because of this change" in message.body and "Firefox on Linux" in message.body


def test_an_address_that_is_not_told_of_the_change_is_told_of_the_ending(used: Any) -> None:
    """It was verified lately; the account has one that has long been the owner's."""
    VerifiedAddress.objects.create(user=used, email="long@x.example", verified_at=ago(400))
    factor_changed(user=used, kind=CredentialKind.TOTP)
    told = {message.to[0]: message.subject for message in mails()}
    assert told == {
        "long@x.example": "The authenticator app was changed",
        used.email: "A device was signed out of your account",
    }


def test_without_a_kind_an_ending_is_told_as_before(used: Any) -> None:
    factor_changed(user=used)
    (message,) = mails()
    assert "Why: a second factor was changed." in message.body
    assert not Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED).exists()


def refused_ending() -> Receipt:
    raise SessionEnded


def test_a_change_that_is_taken_back_with_its_transaction_is_not_told() -> None:
    told: list[Act | None] = []
    with pytest.raises(SessionEnded), transaction.atomic():
        end_and_tell(refused_ending, told.append)
    assert told == []


@pytest.mark.django_db(transaction=True)
def test_a_change_that_was_saved_is_told_although_its_ending_is_refused() -> None:
    told: list[Act | None] = []
    with pytest.raises(SessionEnded):
        end_and_tell(refused_ending, told.append)
    assert told == [None]


def test_many_changes_are_five_mails_and_one_with_the_rest(used: Any) -> None:
    for number in range(8):
        change(used, f"Key {number}")
    assert len(mails()) == 5
    hour = timedelta(hours=1)
    Delivery.objects.update(due_at=F("due_at") - hour, done_at=F("done_at") - hour)
    (rest,) = mails()
    assert rest.body.count("A passkey was added") == 3


def ago(days: int) -> Any:
    return timezone.now() - timedelta(days=days)
