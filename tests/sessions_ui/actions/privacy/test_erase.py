"""What is gone when somebody was erased, what stays, and that nobody else has lost anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions import batches
from sessions_ui.actions.privacy import erase as module
from sessions_ui.actions.privacy.erase import erase, finish_erasures
from sessions_ui.actions.sessions.choose_unused import choose_unused
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.delivery import deliver_all
from sessions_ui.exceptions import NotTheOwner
from tests.models import (
    AccountState,
    Act,
    Delivery,
    Device,
    Event,
    EventDetail,
    Offboarding,
    Recovery,
    Session,
)
from tests.sessions_ui.actions.privacy.filled import ADDRESS, MARK, fill

pytestmark = pytest.mark.django_db
DEVICES = "/account/devices/"
# What is said in the app's own words, and the number of a ticket.
# Sealed with the event (docs/evidence.md): the number of a ticket and the name of a request can be forgotten by nobody.
SEALED = {"Event.ticket", "Event.request_id"}
# Which credential of another package a line of an access review is about: names that its bridge has made up.
OPAQUE = {f"AccessReviewItem.{name}" for name in ("package", "credential", "credential_kind", "scopes")}
STAYS = {"Event.data", "Event.reason", "Act.ticket"} | SEALED | OPAQUE


def texts() -> Iterator[str]:
    """All that stands in text columns and addresses of the app's tables, with its column."""
    for model in apps.get_app_config("sessions_ui").get_models():
        kinds = (models.CharField, models.TextField, models.JSONField, models.GenericIPAddressField)
        for field in model._meta.concrete_fields:
            if isinstance(field, kinds):
                for value in model._base_manager.values_list(field.name, flat=True):
                    yield f"{model.__name__}.{field.name}: {value}"


@pytest.fixture(autouse=True)
def onlooker(other_user: Any, administrator: Any, browser: Any) -> Iterator[None]:
    """Somebody else with something in every table, who was treated by the same staff in the same hour."""
    browser().sign_in(other_user)
    AccountState.objects.filter(pk=other_user.pk).update(unused_months=6)
    made = fill(other_user, administrator, mark="of Grace")
    tables = [*made, "AccountState"]

    def rows() -> list[Any]:
        mine = [apps.get_model("sessions_ui", name).objects for name in tables]
        keys = [made[name].pk if name in made else other_user.pk for name in tables]
        living = Session.objects.filter(user=other_user).order_by("pk").values()
        return [table.filter(pk=pk).values().get() for table, pk in zip(mine, keys, strict=True)] + list(
            living
        )

    before = rows()
    yield
    assert rows() == before


def test_nothing_that_somebody_wrote_or_said_of_themselves_is_left(user: Any, administrator: Any) -> None:
    fill(user, administrator)
    before = {text.split(":")[0] for text in texts() if MARK in text}
    assert len(before) > 40
    erase(user=user, actor=administrator, ticket="T-1")
    assert {text.split(":")[0] for text in texts() if MARK in text} == STAYS


def test_the_events_stay_and_say_by_whom_and_when(user: Any, administrator: Any) -> None:
    made = fill(user, administrator)
    before = Event.objects.filter(pk=made["Event"].pk).values().get()
    done = erase(user=user, actor=administrator, ticket="T-1")
    assert Event.objects.filter(pk=made["Event"].pk).values().get() == before
    event = Event.objects.get(kind="data_erased")
    assert (event, event.user_id, event.actor_id) == (done.event, user.pk, administrator.pk)
    assert event.data == {"ticket": "T-1"} and not EventDetail.objects.filter(event=event).exists()


def test_what_was_erased_is_counted(user: Any, administrator: Any) -> None:
    fill(user, administrator)
    done = erase(user=user, actor=administrator)
    assert done.rows == {
        **dict.fromkeys(
            ("AccessReviewItem", "AccessToken", "Act", "Case", "CaseReceipt", "Delivery", "Device"), 1
        ),
        **dict.fromkeys(("EventDetail", "IdempotentRequest", "ServiceAccount"), 1),
        **dict.fromkeys(("Offboarding", "Recovery", "Session", "VerificationCode"), 1),
    }
    assert done.total == 14 and done.receipt.ended == 0


def test_whoever_is_signed_in_is_signed_out_first(user: Any, administrator: Any, browser: Any) -> None:
    laptop = browser()
    laptop.sign_in(user)
    done = erase(user=user, actor=administrator)
    assert laptop.get(DEVICES).status_code == 302
    assert done.receipt.ended == 1 and not Session.objects.filter(user=user).exists()
    kinds = list(Event.objects.filter(user=user).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["signed_in", "ended", "data_erased"]


def test_erasing_twice_is_two_events_and_takes_nothing_more(user: Any, administrator: Any) -> None:
    fill(user, administrator)
    erase(user=user, actor=administrator)
    assert erase(user=user, actor=administrator).rows == {}
    assert Event.objects.filter(kind="data_erased").count() == 2


def test_what_somebody_does_afterwards_is_kept(user: Any, administrator: Any, browser: Any) -> None:
    erase(user=user, actor=administrator)
    laptop = browser()
    laptop.sign_in(user)
    purge_old()
    assert laptop.get(DEVICES).status_code == 200
    assert Device.objects.filter(user=user).exists()
    assert EventDetail.objects.filter(event__user=user, event__kind="signed_in").exists()


def test_a_known_device_on_which_somebody_signs_in_meanwhile_stays(user: Any, administrator: Any) -> None:
    known = Device.objects.create(user=user, first_seen_at=timezone.now() - timedelta(days=1))
    later = timezone.now() + timedelta(days=1)
    Session.objects.create(digest="n" * 64, user=user, device=known, expires_at=later)
    gone = Device.objects.create(user=user, first_seen_at=known.first_seen_at)
    Event.objects.create(kind="data_erased", user=user, actor=administrator)
    finish_erasures()
    assert Device.objects.filter(pk=known.pk).exists() and not Device.objects.filter(pk=gone.pk).exists()


def test_a_deleted_account_is_erased_by_its_number(user: Any, administrator: Any, browser: Any) -> None:
    browser().sign_in(user)
    key = user.pk
    Offboarding.objects.create(user=user, ends_at=timezone.now() + timedelta(days=9), note="leaves")
    user.delete()
    erase(user=get_user_model()(pk=key), actor=administrator)
    assert not AccountState.objects.filter(user_id=key).exists()
    assert not Offboarding.objects.filter(user_id=key).exists()
    assert not Session.objects.filter(user_id=key).exists()


def test_an_agreed_end_of_access_stays_without_its_note(user: Any, administrator: Any) -> None:
    ends_at = timezone.now() + timedelta(days=9)
    row = Offboarding.objects.create(user=user, ends_at=ends_at, note="leaves because of …", ticket="HR-1")
    erase(user=user, actor=administrator)
    row.refresh_from_db()
    assert (row.note, row.ticket, row.ends_at) == ("", "HR-1", ends_at)
    assert AccountState.objects.filter(user=user).exists()


def test_the_choice_about_unused_devices_goes_and_one_that_is_made_afterwards_stays(
    user: Any, administrator: Any
) -> None:
    choose_unused(user=user, months=6, actor=user)
    erase(user=user, actor=administrator)
    assert AccountState.objects.get(user_id=user.pk).unused_months is None
    choose_unused(user=user, months=3, actor=user)
    finish_erasures()
    assert AccountState.objects.get(user_id=user.pk).unused_months == 3


def test_a_note_about_others_as_well_stays(user: Any, other_user: Any, administrator: Any) -> None:
    both = Act.objects.create(reason="incident", actor=administrator, count=2, note="all of the third floor")
    for person in (user, other_user):
        Event.objects.create(kind="ended", user=person, act=both)
    own = Act.objects.create(reason="incident", actor=administrator, count=1, note="Ada, third floor")
    Event.objects.create(kind="ended", user=user, act=own)
    erase(user=user, actor=administrator)
    both.refresh_from_db()
    own.refresh_from_db()
    assert (both.note, own.note) == ("all of the third floor", "")


def test_from_where_staff_used_an_account_goes_with_the_staff_member(
    administrator: Any, user: Any, other_user: Any
) -> None:
    """The row is somebody else's, what it says of the client is not."""
    made = fill(user, other_user)
    origin = Session.objects.create(digest="o" * 64, user=administrator, expires_at=timezone.now())
    Session.objects.filter(pk=made["Session"].pk).update(impersonator=administrator, impersonated_from=origin)
    entered = Event.objects.create(kind="impersonated", user=user, actor=administrator)
    EventDetail.objects.create(event=entered, address=ADDRESS, text="a call")
    looked = Event.objects.create(kind="help_desk", user=user, actor=administrator)
    EventDetail.objects.create(event=looked, text="ada@people.example")
    erase(user=administrator, actor=other_user)
    row = Session.objects.get(pk=made["Session"].pk)
    assert (row.address, row.first_address, row.user_agent, row.place) == (None, None, "", None)
    assert row.impersonation_reason and row.first_country == ""
    assert not EventDetail.objects.filter(event=entered).exists()
    assert EventDetail.objects.get(event=looked).text == "ada@people.example"


# --- What is still needed


def test_a_mail_that_waits_goes_out_and_is_removed_then(
    user: Any, administrator: Any, browser: Any, mailoutbox: Any
) -> None:
    browser().sign_in(user)
    erase(user=user, actor=administrator)
    assert Delivery.objects.filter(user=user, done_at__isnull=True).count() == 1
    deliver_all()
    assert [mail.to for mail in mailoutbox if mail.to == [user.email]] == [[user.email]]
    purge_old()
    assert not Delivery.objects.filter(user=user).exists()


def test_an_open_recovery_is_removed_when_it_is_closed(user: Any, administrator: Any) -> None:
    row = Recovery.objects.create(
        user=user,
        opened_by="mail",
        since=timezone.now(),
        address=user.email,
        expires_at=timezone.now() + timedelta(days=1),
    )
    erase(user=user, actor=administrator)
    assert Recovery.objects.filter(pk=row.pk).exists()
    Recovery.objects.filter(pk=row.pk).update(closed_at=timezone.now())
    assert finish_erasures() == 1
    assert not Recovery.objects.filter(pk=row.pk).exists()


def test_an_erasure_that_was_interrupted_is_carried_on_by_the_purge(
    user: Any, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(user, administrator)

    def killed(users: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "_erase_rows", killed)
        with pytest.raises(KeyboardInterrupt):
            erase(user=user, actor=administrator)
    assert Device.objects.filter(user=user).exists()
    purge_old()
    assert not Device.objects.filter(user=user).exists()
    assert not EventDetail.objects.filter(event__user=user).exists()


def test_many_rows_are_erased_in_batches(
    user: Any, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    for _ in range(5):
        fill(user, administrator)
    assert erase(user=user, actor=administrator).rows["Session"] == 5


def test_many_people_are_finished_in_one_purge(
    user: Any, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 1)
    for person in (user, administrator):
        erase(user=person, actor=None)
        Delivery.objects.create(user=person, channel="mail", receiver="x@y", done_at=timezone.now())
    Delivery.objects.filter(receiver="x@y").update(created_at=timezone.now() - timedelta(days=1))
    assert finish_erasures() >= 2
    assert not Delivery.objects.filter(receiver="x@y").exists()


def test_staff_that_uses_an_account_erases_nothing(user: Any) -> None:
    class Support:
        session_id, user_id, impersonator_id = 1, user.pk, 2

    token = context.begin(context.Acting(Support()))
    try:
        with pytest.raises(NotTheOwner):
            erase(user=user, actor=user)
    finally:
        context.finish(token)
    assert not Event.objects.filter(kind="data_erased").exists()
