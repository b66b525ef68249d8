"""What goes when it is old, and what stays however old it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection
from django.utils import timezone

from sessions_ui.actions.devices.lost import mark_lost
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.database import moments
from tests.models import (
    AccountState,
    Act,
    Adoption,
    Case,
    CaseReceipt,
    Delivery,
    Device,
    Ending,
    EndingBatch,
    EndReason,
    Event,
    EventDetail,
    Heartbeat,
    IdempotentRequest,
    Incident,
    Offboarding,
    ProviderSignOut,
    Recovery,
    Session,
    VerificationCode,
)
from tests.sessions_ui.test_found_from_outside import SerializationFailure

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[4]


def ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


@pytest.fixture(autouse=True)
def onlooker(other_user: Any, browser: Any) -> Iterator[None]:
    """Somebody who signed in a year ago and never left: whatever is purged, nothing of hers is."""
    browser().sign_in(other_user)
    Session.objects.of(other_user).update(signed_in_at=ago(365))
    Device.objects.filter(user=other_user).update(first_seen_at=ago(365), lost_at=ago(300))
    offboard(user=other_user, ends_at=timezone.now() + timedelta(days=1), actor=None)
    Offboarding.objects.filter(user=other_user).update(ends_at=ago(300))
    AccountState.objects.filter(user=other_user).update(password_required_at=ago(300), changed_at=ago(300))
    models = (Session, Device, Offboarding, AccountState)
    before = [model.objects.filter(user=other_user).values().get() for model in models]
    yield
    assert [model.objects.filter(user=other_user).values().get() for model in models] == before


def used(user: Any, *, ended: int, signed_in: int | None = None, **device: Any) -> Device:
    """A device of this user with one session, that began and ended so many days ago."""
    signed_in = signed_in or ended + 1
    made = Device.objects.create(
        user=user, **{"cookie_digest": f"{user.pk:064}", "first_seen_at": ago(signed_in), **device}
    )
    Session.objects.create(
        digest=f"{made.pk:064}",
        user=user,
        device=made,
        signed_in_at=ago(signed_in),
        expires_at=ago(ended),
        ended_at=ago(ended),
        end_reason=EndReason.SIGNED_OUT,
    )
    return made


def exists(row: Any) -> bool:
    return type(row)._base_manager.filter(pk=row.pk).exists()


# --- Devices


def test_a_device_goes_with_its_last_session(user: Any) -> None:
    """A program that keeps no cookie leaves one at every sign-in."""
    devices = [used(user, ended=200) for _ in range(3)]
    assert purge_old() == 6
    assert not any(exists(device) for device in devices)


def test_a_device_stays_as_long_as_it_has_a_session(user: Any) -> None:
    device = used(user, ended=200)
    young = used(user, ended=100)
    Session.objects.filter(device=young).update(device=device)
    young.delete()
    purge_old()
    assert exists(device) and Session.objects.filter(device=device).count() == 1


def test_a_device_that_is_young_stays_without_a_session(user: Any) -> None:
    device = Device.objects.create(user=user, first_seen_at=ago(179))
    purge_old()
    assert exists(device)


@pytest.mark.parametrize(
    ("signed_in", "stays"),
    [
        pytest.param(399, True, id="its cookie lives"),
        pytest.param(401, False, id="its cookie has expired"),
    ],
)
def test_a_lost_device_stays_as_long_as_its_cookie_lives(signed_in: int, stays: bool, user: Any) -> None:
    device = used(user, signed_in=signed_in, ended=200, lost_at=ago(500))
    purge_old()
    assert not Session.objects.filter(user=user).exists() and exists(device) is stays


def test_the_last_sign_in_on_a_lost_device_is_known_whichever_session_goes_first(user: Any) -> None:
    device = used(user, signed_in=390, ended=200, lost_at=ago(500))
    other = used(user, signed_in=450, ended=181)
    Session.objects.filter(device=other).update(device=device, ended_at=ago(100))
    purge_old()
    assert Session.objects.filter(device=device).count() == 1
    Session.objects.filter(device=device).update(ended_at=ago(181))
    purge_old()
    assert not Session.objects.filter(device=device).exists() and exists(device)
    Device.objects.filter(pk=device.pk).update(cookie_set_at=ago(401))
    purge_old()
    assert not exists(device)


def test_when_the_cookie_of_a_device_was_set_is_recorded_of_lost_ones_alone(user: Any) -> None:
    ordinary, lost = used(user, ended=181), used(user, ended=181, lost_at=ago(1))
    later = ago(100)
    for device in (ordinary, lost):
        other = used(user, ended=99)
        Session.objects.filter(device=other).update(device=device, signed_in_at=later)
    purge_old()
    set_at = [Device.objects.get(pk=device.pk).cookie_set_at for device in (ordinary, lost)]
    assert set_at == [None, later]


def test_a_lost_device_stays_for_the_retention_time_where_that_is_longer(user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "DEVICE_COOKIE_AGE": timedelta(days=90)}
    stays, goes = (used(user, ended=days, lost_at=ago(500)) for days in (179, 181))
    purge_old()
    assert (exists(stays), exists(goes)) == (True, False)


def test_a_lost_device_without_a_cookie_goes_with_its_sessions(user: Any) -> None:
    """Nothing could ever recognise it."""
    device = used(user, ended=200, lost_at=ago(199), cookie_digest="")
    purge_old()
    assert not exists(device)


def test_the_lost_device_of_a_deleted_account_goes_with_its_sessions(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    device = Device.objects.get(user=user)
    mark_lost(device=device, actor=user)
    user.delete()
    purge_old()
    assert exists(device), "the history of a deleted account is kept like any other"
    Session.objects.filter(device=device).update(ended_at=ago(181))
    Device.objects.filter(pk=device.pk).update(first_seen_at=ago(200), lost_at=ago(181))
    purge_old()
    assert not exists(device)


def test_an_event_outlives_the_device_that_it_speaks_of(user: Any, administrator: Any, browser: Any) -> None:
    device = used(user, ended=200)
    event = Event.objects.create(kind=Event.Kind.DEVICE_RENAMED, user=user, device=device)
    purge_old()
    assert not exists(device) and exists(event)
    admin = browser()
    admin.force_login(administrator)
    for path in ("", f"{event.pk}/change/"):
        assert admin.get(f"/admin/sessions_ui/event/{path}").status_code == 200
    owner = browser()
    owner.sign_in(user)
    assert owner.get("/account/devices/").status_code == 200
    assert owner.get(f"/account/devices/{device.public_id}/").status_code == 404


# --- Whoever changes a row while it is purged


@contextmanager
def just_before_deleting(model: Any, change: Callable[[], Any]) -> Iterator[None]:
    """Do this when the rows have been chosen, and before the statement that deletes them."""
    done: list[bool] = []

    def execute(send: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if not done and re.match(rf"DELETE .*FROM .?{model._meta.db_table}\W", sql):
            done.append(True)
            change()
        return send(sql, *rest)

    with connection.execute_wrapper(execute):
        yield
    assert done


@pytest.mark.django_db(transaction=True)
def test_no_statement_gives_up_at_a_deadlock(user: Any) -> None:
    """Each that writes meets one the first time."""
    Session.objects.create(digest="a" * 64, expires_at=ago(1))
    met: set[str] = set()

    def execute(send: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith(("UPDATE", "DELETE")) and sql not in met:
            met.add(sql)
            raise OperationalError("database is locked") from SerializationFailure()
        return send(sql, *rest)

    with connection.execute_wrapper(execute):
        assert purge_old() == 1
    assert {sql.split()[0] for sql in met} == {"UPDATE", "DELETE"}


def test_an_anonymous_session_that_has_just_signed_in_stays(user: Any) -> None:
    row = Session.objects.create(digest="a" * 64, expires_at=ago(1))
    signed_in = {"user_id": user.pk, "expires_at": timezone.now() + timedelta(days=1)}
    with just_before_deleting(Session, lambda: Session.objects.filter(pk=row.pk).update(**signed_in)):
        purge_old()
    assert Session.objects.get(pk=row.pk).is_living


def test_a_device_on_which_somebody_has_just_signed_in_stays(user: Any) -> None:
    device = used(user, ended=200)
    row = Session.objects.create(digest="a" * 64, expires_at=timezone.now() + timedelta(days=1))
    change = Session.objects.filter(pk=row.pk).update
    with just_before_deleting(Device, lambda: change(user_id=user.pk, device_id=device.pk)):
        purge_old()
    assert Session.objects.get(pk=row.pk).device == device


def test_a_message_that_is_sent_again_stays(user: Any) -> None:
    row = Delivery.objects.create(user=user, channel="mail", receiver=user.email, parked_at=ago(200))
    with just_before_deleting(Delivery, lambda: Delivery.objects.filter(pk=row.pk).update(parked_at=None)):
        purge_old()
    assert exists(row)


def test_only_what_has_become_needed_again_stays(user: Any) -> None:
    rows = Session.objects.bulk_create(
        Session(digest=f"{number:064}", expires_at=ago(1)) for number in range(10)
    )
    kept = Session.objects.filter(pk=rows[3].pk)
    with just_before_deleting(Session, lambda: kept.update(expires_at=timezone.now() + timedelta(days=1))):
        purge_old()
    assert [row.pk for row in rows if exists(row)] == [rows[3].pk]


# --- How long each row is kept, to the second

NOW = moments.stored(datetime(2026, 11, 28, 12, tzinfo=UTC))
KEPT, DAY = timedelta(days=180), timedelta(days=1)
Row = Callable[[Any, datetime], Any]


def ending(user: Any, at: datetime) -> Ending:
    return Ending.objects.create(reason=EndReason.INCIDENT, done_at=at)


def batch_of_an_ending(user: Any, at: datetime) -> EndingBatch:
    return EndingBatch.objects.create(ending=ending(user, at), keys=[], size=0)


def receipt_of_a_case(user: Any, at: datetime) -> CaseReceipt:
    case = Case.objects.create(user=user, opened_at=at, expires_at=at)
    return CaseReceipt.objects.create(case=case, nonce="n", at=at)


def detail_of_an_event(user: Any, at: datetime) -> EventDetail:
    return EventDetail.objects.create(
        event=Event.objects.create(kind="delivered", user=user, at=at), text="x"
    )


def session(_user: Any, at: datetime, **fields: Any) -> Session:
    return Session.objects.create(digest=f"{at.timestamp():064}", **{"expires_at": at, **fields})


# What goes, how old it is then, and how it is made at a time.
AGES: dict[str, tuple[timedelta, Row]] = {
    "an anonymous session that has expired": (timedelta(0), session),
    "a session that has ended": (
        KEPT,
        lambda user, at: session(user, at, user=user, ended_at=at, expires_at=at + 9 * KEPT),
    ),
    "a device without a session": (KEPT, lambda user, at: Device.objects.create(user=user, first_seen_at=at)),
    "a message that was made": (
        KEPT,
        lambda user, at: Delivery.objects.create(user=user, channel="mail", receiver="x", done_at=at),
    ),
    "a message that was given up": (
        KEPT,
        lambda user, at: Delivery.objects.create(user=user, channel="mail", receiver="x", parked_at=at),
    ),
    "the detail of an event": (KEPT, detail_of_an_event),
    "an event": (KEPT, lambda user, at: Event.objects.create(kind="delivered", user=user, at=at)),
    "an act": (KEPT, lambda user, at: Act.objects.create(at=at, reason=EndReason.INCIDENT)),
    "a code": (
        DAY,
        lambda user, at: VerificationCode.objects.create(
            user=user, session_id=1, purpose="confirm", nonce="n", expires_at=at
        ),
    ),
    "a request with an idempotency key": (
        DAY,
        lambda user, at: IdempotentRequest.objects.create(
            user=user, session_id=1, key="k", fingerprint="f", created_at=at
        ),
    ),
    "a receipt": (KEPT, receipt_of_a_case),
    "a case": (
        KEPT,
        lambda user, at: Case.objects.create(user=user, opened_at=at, expires_at=at + 9 * KEPT),
    ),
    "what a provider said": (
        2 * DAY,
        lambda user, at: ProviderSignOut.objects.create(token_digest="1", iss="x", at=at),
    ),
    "a process that had open streams": (
        DAY,
        lambda user, at: Heartbeat.objects.create(name=f"{Heartbeat.STREAMS}1", seen_at=at),
    ),
    "a batch": (KEPT, batch_of_an_ending),
    "an ending": (KEPT, ending),
    "an incident that is done": (
        KEPT,
        lambda user, at: Incident.objects.create(ordered_at=at, ending=ending(user, at)),
    ),
    "an incident that was declined": (KEPT, lambda user, at: Incident.objects.create(declined_at=at)),
    "an incident that nobody approved": (KEPT, lambda user, at: Incident.objects.create(created_at=at)),
    "an agreed date that was taken back": (
        KEPT,
        lambda user, at: Offboarding.objects.create(user=user, ends_at=at + 9 * KEPT, cancelled_at=at),
    ),
    "what was adopted": (
        timedelta(0),
        lambda user, at: Adoption.objects.create(digest="d", source="db", expires_at=at, seen_at=at),
    ),
}


@pytest.mark.parametrize("name", AGES)
def test_a_row_goes_when_it_is_as_old_as_that_and_no_second_sooner(name: str, user: Any) -> None:
    age, make = AGES[name]
    row = make(user, NOW - age)
    with time_machine.travel(NOW - timedelta(seconds=1), tick=False):
        purge_old()
    assert exists(row)
    with time_machine.travel(NOW, tick=False):
        assert purge_old() >= 1
    assert not exists(row)


@pytest.mark.parametrize(
    "stays",
    [
        lambda user, long_ago: session(user, long_ago, user=user),
        lambda user, long_ago: Delivery.objects.create(
            user=user, channel="mail", receiver="x", created_at=long_ago, due_at=long_ago
        ),
        lambda user, long_ago: Ending.objects.create(reason=EndReason.INCIDENT, created_at=long_ago),
        lambda user, long_ago: EndingBatch.objects.create(
            ending=Ending.objects.create(reason=EndReason.INCIDENT, created_at=long_ago), keys=[], size=0
        ),
        lambda user, long_ago: Incident.objects.create(
            created_at=long_ago,
            ordered_at=long_ago,
            ending=Ending.objects.create(reason=EndReason.INCIDENT, created_at=long_ago),
        ),
        lambda user, long_ago: Offboarding.objects.create(user=user, ends_at=long_ago, created_at=long_ago),
        lambda user, long_ago: AccountState.objects.create(user=user, changed_at=long_ago),
        lambda user, long_ago: Heartbeat.objects.create(name="worker", seen_at=long_ago),
    ],
    ids=[
        "a living session",
        "a message",
        "an ending",
        "a batch",
        "an incident",
        "an agreed date",
        "an account's state",
        "a process of another kind",
    ],
)
def test_what_is_not_over_stays_however_old_it_is(stays: Row, user: Any) -> None:
    row = stays(user, NOW - 9 * KEPT)
    purge_old()
    assert exists(row)


# --- What else is kept


def test_an_act_stays_as_long_as_a_session_or_a_message_names_it(user: Any) -> None:
    acts = [Act.objects.create(at=ago(200), reason=EndReason.INCIDENT) for _ in range(3)]
    of_session, of_delivery, _of_nothing = acts
    device = used(user, ended=100)
    Session.objects.filter(device=device).update(act=of_session)
    Delivery.objects.create(act=of_delivery, user=user, channel="mail", receiver=user.email)
    purge_old()
    assert [exists(act) for act in acts] == [True, True, False]


def test_events_go_after_the_retention_time_with_their_details(user: Any) -> None:
    old, young = (
        Event.objects.create(kind=Event.Kind.DELIVERED, user=user, at=ago(days)) for days in (181, 179)
    )
    for event in (old, young):
        EventDetail.objects.create(event=event, text="x")
    purge_old()
    assert (exists(old), exists(young)) == (False, True)
    assert list(EventDetail.objects.filter(event__in=(old, young))) == [young.detail]


@pytest.mark.parametrize(("over", "left"), [(False, ["expired", "living"]), (True, ["living"])])
def test_what_was_adopted_is_remembered_until_nothing_can_be_adopted_any_more(
    over: bool, left: list[str], settings: Any
) -> None:
    until = timezone.now() + timedelta(days=-1 if over else 1)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADOPT_FROM": "db", "ADOPT_UNTIL": until}
    for digest, expires_at in (("expired", ago(1)), ("living", ago(-1))):
        Adoption.objects.create(digest=digest, source="db", expires_at=expires_at, seen_at=ago(2))
    purge_old()
    assert list(Adoption.objects.order_by("digest").values_list("digest", flat=True)) == left


def test_what_says_who_may_sign_in_goes_when_the_account_is_long_gone(user: Any) -> None:
    offboarding = Offboarding.objects.create(user=user, ends_at=ago(181))
    required = AccountState.objects.create(user=user, password_required_at=ago(181))
    get_user_model().objects.filter(pk=user.pk).delete()
    AccountState.objects.filter(pk=required.pk).update(
        changed_at=ago(181)
    )  # the deletion was the last decision
    young = Offboarding.objects.create(user_id=user.pk, ends_at=ago(179))
    purge_old()
    assert (exists(offboarding), exists(required), exists(young)) == (False, False, True)


def test_an_open_recovery_of_an_account_that_is_gone_stays_for_the_retention_time(user: Any) -> None:
    since = {"user_id": user.pk, "since": ago(200), "expires_at": ago(170)}
    young = Recovery.objects.create(opened_at=ago(179), **since)
    get_user_model().objects.filter(pk=user.pk).delete()
    purge_old()
    assert exists(young)
    Recovery.objects.filter(pk=young.pk).update(opened_at=ago(181))
    purge_old()
    assert not exists(young)


class ReadsElsewhere:
    """Routes reads to a database that is not there."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"


def test_nothing_is_read_from_a_replica(user: Any, settings: Any) -> None:
    device = used(user, ended=200)
    required = AccountState.objects.create(user_id=user.pk + 1, changed_at=ago(181))
    settings.DATABASE_ROUTERS = [f"{__name__}.ReadsElsewhere"]
    purge_old()
    settings.DATABASE_ROUTERS = []
    assert not exists(device) and not exists(required)


def test_the_documentation_says_of_every_table_how_long_it_is_kept() -> None:
    text = (ROOT / "docs" / "production.md").read_text()
    section = text.split("## What is kept how long", 1)[1].split("\n## ", 1)[0]
    named = re.findall(r"^\| `(sessions_ui_\w+)` \|", section, re.MULTILINE)
    assert sorted(named) == sorted(
        model._meta.db_table
        for model in apps.get_app_config("sessions_ui").get_models(include_auto_created=True)
        if not model._meta.proxy
    )
