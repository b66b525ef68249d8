""" "This wasn't me" ends what the other person has, and no more unless asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.devices.not_me import report_by_link, report_not_me
from sessions_ui.audit import events
from tests.models import Act, Delivery, Device, EndReason, Event, Recovery, Session
from tests.sessions_ui.web.conftest import signed_in

__all__ = ["signed_in"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def own(user: Any, browser: Any) -> Session:
    browser().force_login(user)
    return Session.objects.latest("pk")


@pytest.fixture
def theirs(own: Session, user: Any, browser: Any) -> Session:
    browser().force_login(user)
    return Session.objects.latest("pk")


def test_the_reported_session_ends_and_its_device_is_known_no_more(own: Session, theirs: Session) -> None:
    Device.objects.update(confirmed_at=timezone.now())
    Session.objects.filter(pk=theirs.pk).update(verdict="suspicious")
    receipt = report_not_me(session=theirs)
    assert receipt.ended == 1
    assert list(Session.objects.living()) == [own]
    theirs.refresh_from_db()
    assert theirs.end_reason == EndReason.NOT_ME and theirs.reviewed_at is not None
    device = Device.objects.get(pk=theirs.device_id)
    assert device.not_me_at is not None and device.confirmed_at is None
    assert Device.objects.get(pk=own.device_id).confirmed_at is not None
    event = Event.objects.get(kind=Event.Kind.NOT_ME)
    assert (event.session, event.device, event.act, event.actor_id) == (theirs, device, receipt.act, None)


def test_a_newer_sign_in_on_that_device_ends_too(own: Session, theirs: Session, user: Any) -> None:
    """Or a thief who signed in again would stay: the mail names the first sign-in."""
    report_not_me(session=theirs)
    again = Session.objects.create(
        user=user, device_id=theirs.device_id, digest="0" * 64, expires_at=own.expires_at
    )
    assert report_not_me(session=theirs).ended == 1
    again.refresh_from_db()
    assert again.end_reason == EndReason.NOT_ME


def test_everywhere_ends_all_in_one_act(own: Session, theirs: Session, other_user: Any, browser: Any) -> None:
    browser().force_login(other_user)
    assert report_not_me(session=theirs, everywhere=True).ended == 2
    assert Act.objects.count() == 1
    assert [session.user_id for session in Session.objects.living()] == [other_user.pk]


@pytest.mark.parametrize("device", ["its own", "the same", "none"])
def test_everywhere_keeps_the_one_that_asks_unless_it_is_on_that_device(
    device: str, own: Session, theirs: Session, user: Any
) -> None:
    """Of two without a device nobody knows that it is one."""
    if device == "the same":
        Session.objects.filter(pk=own.pk).update(device_id=theirs.device_id)
    elif device == "none":
        Session.objects.update(device=None)
        theirs.refresh_from_db()
    token = context.begin(
        context.Acting(SimpleNamespace(session_id=own.pk, user_id=user.pk, impersonator_id=None))
    )
    try:
        report_not_me(session=theirs, actor=user, everywhere=True)
    finally:
        context.finish(token)
    assert Session.objects.living().filter(pk=own.pk).exists() is (device != "the same")


@pytest.mark.parametrize("everywhere", [True, False])
def test_whoever_reports_the_session_that_asks_is_signed_out_there_also_without_a_device(
    everywhere: bool, own: Session, theirs: Session, user: Any
) -> None:
    Session.objects.filter(pk=own.pk).update(device=None)
    own.refresh_from_db()
    token = context.begin(
        context.Acting(SimpleNamespace(session_id=own.pk, user_id=user.pk, impersonator_id=None))
    )
    try:
        report_not_me(session=own, actor=user, everywhere=everywhere)
    finally:
        context.finish(token)
    assert not Session.objects.living().filter(pk=own.pk).exists()


def test_the_reported_session_may_have_ended_already(own: Session, theirs: Session) -> None:
    report_not_me(session=theirs)
    receipt = report_not_me(session=theirs)
    assert (receipt.act, receipt.ended) == (None, 0)


def test_without_a_device_only_itself_ends(own: Session, theirs: Session) -> None:
    Session.objects.update(device=None)
    theirs.refresh_from_db()
    report_not_me(session=theirs)
    assert list(Session.objects.living()) == [own]


NOON = timezone.now() - timedelta(days=1)


def at(hour: float) -> datetime:
    return NOON + timedelta(hours=hour)


@pytest.fixture
def rows(user: Any, signed_in: Any) -> dict[str, Session]:
    """Sign-ins at these hours: on the device of the one that is reported, and on others."""
    first = signed_in(user, signed_in_at=at(1))
    there = first.device
    on_it = {
        "1": first,
        "2, reviewed": signed_in(user, signed_in_at=at(2), verdict="new", reviewed_at=at(2.5), device=there),
        "3, flagged": signed_in(user, signed_in_at=at(3), verdict="suspicious", device=there),
        "4, reported": signed_in(user, signed_in_at=at(4), verdict="suspicious", device=there),
    }
    elsewhere = {
        f"{hour} elsewhere": signed_in(user, signed_in_at=at(hour), verdict="new")
        for hour in (0.5, 1.5, 2.9, 3.5, 5)
    }
    return {**on_it, **elsewhere}


def living(rows: dict[str, Session]) -> list[str]:
    still = set(Session.objects.living().values_list("pk", flat=True))
    return [name for name, row in rows.items() if row.pk in still]


def link_of(session: Session, user: Any) -> Delivery:
    event = events.append(Event.Kind.FLAGGED, user_id=user.pk, session=session)
    return Delivery.objects.create(event=event, user=user, channel="mail", receiver=user.email)


def reported(rows: dict[str, Session]) -> Session:
    return Session.objects.select_related("device", "user").get(pk=rows["4, reported"].pk)


def test_on_the_page_all_ends_that_signed_in_since_the_device_did(
    rows: dict[str, Session], user: Any
) -> None:
    report_not_me(session=reported(rows), actor=user)
    assert living(rows) == ["0.5 elsewhere"]
    assert Recovery.objects.get().since == at(1)


def test_what_a_finished_case_has_dealt_with_ends_and_opens_no_other(
    rows: dict[str, Session], user: Any
) -> None:
    """Nobody has signed in on the device after that case was opened."""
    Recovery.objects.create(
        user=user, since=at(0), opened_at=at(4.5), expires_at=at(6), closed_at=at(6), closed_why="done"
    )
    report_not_me(session=reported(rows), actor=user)
    assert not Recovery.objects.open().exists()
    assert living(rows) == ["0.5 elsewhere"]


def test_a_finished_case_has_not_dealt_with_who_came_back_to_the_device_after_it(
    rows: dict[str, Session], user: Any
) -> None:
    """Though the sign-in that is reported is one that it has dealt with."""
    Recovery.objects.create(
        user=user, since=at(0), opened_at=at(3.7), expires_at=at(6), closed_at=at(6), closed_why="done"
    )
    report_not_me(session=rows["3, flagged"], actor=user)
    assert Recovery.objects.open().get().since == at(4)
    assert living(rows) == ["0.5 elsewhere", "1.5 elsewhere", "2.9 elsewhere", "3.5 elsewhere"]


def test_what_a_finished_case_has_covered_does_not_count_again(rows: dict[str, Session], user: Any) -> None:
    Recovery.objects.create(
        user=user, since=at(0), opened_at=at(2.7), expires_at=at(6), closed_at=at(6), closed_why="done"
    )
    report_not_me(session=reported(rows), actor=user)
    assert Recovery.objects.open().get().since == at(3)


def test_by_a_link_all_ends_that_signed_in_since_the_first_that_was_flagged(
    rows: dict[str, Session], user: Any
) -> None:
    session = reported(rows)
    report = report_by_link(delivery=link_of(session, user), session=session)
    assert report is not None and report.recovery is not None and not report.is_former
    assert living(rows) == ["0.5 elsewhere", "1.5 elsewhere", "2.9 elsewhere"]
    assert (report.recovery.since, report.recovery.address) == (at(3), user.email)
    assert report.recovery.opened_by == Recovery.OpenedBy.MAIL


@pytest.mark.parametrize("is_known", [True, False])
def test_a_report_goes_back_to_the_sign_in_and_where_nobody_knows_when_that_was_to_its_row(
    is_known: bool, rows: dict[str, Session], user: Any
) -> None:
    """A browser may have had its row as nobody's for long; one that was adopted may not say when it was signed in."""
    theirs = rows["1.5 elsewhere"]
    times = {"created_at": at(1.2), "signed_in_at": at(1.5) if is_known else None}
    Session.objects.filter(pk=theirs.pk).update(**times)
    theirs.refresh_from_db()
    report_not_me(session=theirs, actor=user)
    assert Recovery.objects.get().since == (at(1.5) if is_known else at(1.2))
    assert living(rows) == ["1", "0.5 elsewhere"]


@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("is_named", [True, False])
def test_the_events_say_who_said_it_and_what_for(
    everywhere: bool, is_named: bool, rows: dict[str, Session], user: Any
) -> None:
    actor = user if is_named else None
    receipt = report_not_me(session=reported(rows), actor=actor, everywhere=everywhere)
    event = Event.objects.get(kind=Event.Kind.NOT_ME)
    expected = user.pk if is_named else None
    assert (event.user_id, event.actor_id, event.data) == (user.pk, expected, {"everywhere": everywhere})
    assert receipt.act is not None and receipt.act.actor_id == expected
    opened = Recovery.objects.get()
    assert (opened.actor_id, opened.opened_by, opened.session_id) == (
        expected,
        Recovery.OpenedBy.DEVICES,
        rows["4, reported"].pk,
    )


def test_what_was_flagged_on_the_device_is_reviewed_by_it_and_nothing_else(
    rows: dict[str, Session], user: Any
) -> None:
    report_not_me(session=reported(rows))
    times = {name: Session.objects.get(pk=row.pk).reviewed_at for name, row in rows.items()}
    assert times.pop("2, reviewed") == at(2.5)
    reviewed = [name for name, time in times.items() if time is not None]
    assert reviewed == ["3, flagged", "4, reported"]


@pytest.mark.parametrize(
    ("changes", "confirmed"),
    [
        ({}, True),
        ({"signed_in_at": timezone.now()}, False),
        ({"device": None}, False),
    ],
    ids=["settled", "young", "no device"],
)
def test_the_device_that_reports_goes_on_to_vouch_where_it_did(
    changes: dict[str, Any], confirmed: bool, user: Any, signed_in: Any
) -> None:
    """The account began on it: that counts no more once somebody was reported."""
    own = signed_in(user, signed_in_at=at(0), device={"from_start": True})
    theirs = signed_in(user, signed_in_at=at(1))
    Session.objects.filter(pk=own.pk).update(**changes)
    token = context.begin(
        context.Acting(SimpleNamespace(session_id=own.pk, user_id=user.pk, impersonator_id=None))
    )
    try:
        report_not_me(session=theirs, actor=user)
    finally:
        context.finish(token)
    device = Device.objects.get(pk=own.device_id)
    assert device.confirmed_at == (device.first_seen_at if confirmed else None)
