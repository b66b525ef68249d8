"""Trust that ended before it was reported: who may say what, and what is kept of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.devices.lost import mark_lost
from sessions_ui.actions.endings import end
from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.end import end_session, end_sessions, end_user_sessions
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.database import moments
from sessions_ui.exceptions import NotYetHappened
from tests.models import AccountState, Act, Ending, EndReason, Event, Offboarding, Session
from tests.statements import gist

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def friday() -> datetime:
    return timezone.now() - timedelta(days=3)


@pytest.fixture
def laptop(user: Any, browser: Any, friday: datetime) -> Any:
    """Signed in a week before Friday."""
    client = browser()
    client.sign_in(user)
    Session.objects.update(signed_in_at=friday - timedelta(days=7))
    return client


def marks() -> list[tuple[Any, Any]]:
    return list(Session.objects.order_by("pk").values_list("untrusted_since", "untrusted_act"))


def test_the_act_the_sessions_and_the_events_say_since_when(user: Any, laptop: Any, friday: datetime) -> None:
    receipt = end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=friday, ticket="HR-9")
    act = Act.objects.get()
    assert receipt.act == act and act.happened_at == friday
    assert marks() == [(friday, act.pk)]
    said = moments.aware(friday).isoformat()
    assert Event.objects.get(kind=Event.Kind.ENDED).data == {"happened_at": said}
    reported = Event.objects.get(kind=Event.Kind.TRUST_ENDED)
    assert (reported.user_id, reported.act_id, reported.reason) == (user.pk, act.pk, EndReason.OFFBOARDED)
    assert reported.data == {"happened_at": said, "ticket": "HR-9"}


def test_an_ending_of_which_nobody_says_so_marks_nothing(user: Any, laptop: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert marks() == [(None, None)]
    assert Act.objects.get().happened_at is None
    assert Event.objects.get(kind=Event.Kind.ENDED).data == {}
    assert not Event.objects.filter(kind=Event.Kind.TRUST_ENDED).exists()


def test_it_costs_nothing_where_nobody_says_so(user: Any, laptop: Any, friday: datetime) -> None:
    with CaptureQueriesContext(connection) as without:
        end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    Session.objects.update(ended_at=None)
    with CaptureQueriesContext(connection) as said:
        end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR, happened_at=friday)
    more = gist(said)
    for statement in gist(without):
        more.remove(statement)
    assert more == ["UPDATE sessions_ui_session", "INSERT sessions_ui_event"]


@pytest.mark.parametrize("passed", [timedelta(seconds=1), timedelta(days=400)])
def test_what_is_still_to_come_is_refused_everywhere(passed: timedelta, user: Any, laptop: Any) -> None:
    session, moment = Session.objects.get(), timezone.now() + passed
    reports = (
        lambda: end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR, happened_at=moment),
        lambda: end_session(session=session, reason=EndReason.ADMINISTRATOR, happened_at=moment),
        lambda: end_later(sessions=Session.objects.all(), reason=EndReason.ADMINISTRATOR, happened_at=moment),
        lambda: mark_lost(device=session.device, actor=None, happened_at=moment),
        lambda: offboard(user=user, ends_at=timezone.now(), happened_at=moment),
        lambda: require_new_password(user=user, reason=EndReason.HELP_DESK, actor=None, happened_at=moment),
    )
    with time_machine.travel(timezone.now(), tick=False):
        for report in reports:
            with pytest.raises(NotYetHappened, match="in the future"):
                report()
    assert Session.objects.living().count() == 1
    assert not Act.objects.exists() and not Offboarding.objects.exists() and not Ending.objects.exists()


def test_a_moment_without_a_zone_is_refused(user: Any, laptop: Any, settings: Any) -> None:
    settings.USE_TZ = True
    with pytest.raises(ValueError, match="time zone"):
        end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR, happened_at=datetime(2026, 11, 1, 8, 0))
    assert Session.objects.living().exists()


def test_what_had_ended_meanwhile_lived_on_too(
    user: Any, other_user: Any, browser: Any, laptop: Any, friday: datetime
) -> None:
    """Somebody signs out on Saturday, is reported on Monday: it was one day too long."""
    browser().sign_in(other_user)
    saturday = friday + timedelta(days=1)
    mine = Session.objects.of(user)
    mine.update(ended_at=saturday, end_reason=EndReason.SIGNED_OUT)
    receipt = end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=friday)
    act = Act.objects.get()
    assert (receipt.ended, receipt.act, act.count) == (0, None, 0)
    row = mine.get()
    assert (row.untrusted_since, row.untrusted_act_id) == (friday, act.pk)
    assert (row.ended_at, row.end_reason, row.act_id) == (saturday, EndReason.SIGNED_OUT, None)
    assert Session.objects.of(other_user).get().untrusted_since is None


def test_it_is_so_of_as_many_accounts_as_are_named_one_by_one(
    user: Any, laptop: Any, friday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more of them what had ended is left: a list of all their sessions would be too long a read."""
    monkeypatch.setattr(end, "MANY_USERS", 1)
    Session.objects.of(user).update(ended_at=friday + timedelta(days=1), end_reason=EndReason.SIGNED_OUT)
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=friday)
    assert marks() == [(friday, Act.objects.get().pk)]


@pytest.mark.parametrize("column", ["ended_at", "expires_at"])
def test_what_was_over_before_is_no_concern(column: str, user: Any, laptop: Any, friday: datetime) -> None:
    Session.objects.update(**{column: friday})
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=friday)
    lived_on = column == "expires_at"  # not ended yet, so the act ends it, and says so
    assert marks()[0][0] == (friday if lived_on else None)


def test_the_earlier_of_two_reports_stays(user: Any, laptop: Any, friday: datetime) -> None:
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=friday)
    first = Act.objects.get()
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=friday + HOUR)
    assert marks() == [(friday, first.pk)]
    earlier = friday - HOUR
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=earlier)
    assert marks() == [(earlier, Act.objects.get(happened_at=earlier).pk)]


def test_a_report_that_says_nothing_new_is_an_event_and_no_act(
    user: Any, laptop: Any, friday: datetime
) -> None:
    for _ in range(2):
        end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=friday)
    assert Act.objects.count() == 1
    reported = Event.objects.filter(kind=Event.Kind.TRUST_ENDED).order_by("pk")
    assert [event.act_id for event in reported] == [Act.objects.get().pk, None]


def test_a_session_that_is_kept_is_not_marked(user: Any, browser: Any, laptop: Any, friday: datetime) -> None:
    browser().sign_in(user)
    kept = Session.objects.earliest("pk").pk
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, keep=kept, happened_at=friday)
    assert [since for since, _act in marks()] == [None, friday]


def test_beside_a_session_that_is_kept_what_had_ended_meanwhile_lived_on_too(
    user: Any, browser: Any, laptop: Any, friday: datetime
) -> None:
    """As where somebody reports from one device what had been done on another, and was signed out there by then."""
    browser().sign_in(user)
    gone, kept = Session.objects.of(user).order_by("pk")
    Session.objects.filter(pk=gone.pk).update(
        ended_at=friday + timedelta(days=1), end_reason=EndReason.SIGNED_OUT
    )
    receipt = end_user_sessions(user=user, reason=EndReason.NOT_ME, keep=kept.pk, happened_at=friday)
    assert receipt.ended == 0
    assert marks() == [(friday, Act.objects.get().pk), (None, None)]


def test_a_lost_device_is_lost_since_then(user: Any, browser: Any, laptop: Any, friday: datetime) -> None:
    browser().sign_in(user)  # elsewhere: that one is not lost
    device = Session.objects.earliest("pk").device
    mark_lost(device=device, actor=user, happened_at=friday)
    assert [since for since, _act in marks()] == [friday, None]
    assert Act.objects.get().happened_at == friday


def test_a_batch_is_late_since_it_was_ordered(user: Any, laptop: Any, friday: datetime) -> None:
    ending = end_later(sessions=Session.objects.all(), reason=EndReason.INCIDENT)
    Ending.objects.filter(pk=ending.pk).update(created_at=timezone.now() - HOUR)
    ordered = Ending.objects.get().created_at
    end_batches()
    assert marks() == [(ordered, Act.objects.get().pk)]
    assert Act.objects.get().happened_at == ordered


def test_a_batch_carries_what_was_said_when_it_was_ordered(user: Any, laptop: Any, friday: datetime) -> None:
    end_later(sessions=Session.objects.all(), reason=EndReason.INCIDENT, happened_at=friday)
    end_batches()
    assert marks() == [(friday, Act.objects.get().pk)]


def test_a_leaver_by_a_date_that_is_over_left_then(user: Any, laptop: Any, friday: datetime) -> None:
    offboard(user=user, ends_at=friday)
    assert marks() == [(friday, Act.objects.get().pk)]
    assert Session.objects.get().end_reason == EndReason.OFFBOARDED


def test_a_leaver_who_left_before_access_ends(user: Any, laptop: Any, friday: datetime) -> None:
    """They stay signed in until the agreed date, although they left."""
    row = offboard(user=user, ends_at=timezone.now() + HOUR, happened_at=friday, ticket="HR-9")
    act = Act.objects.get()
    assert (row.happened_at, act.happened_at, act.count, act.ticket) == (friday, friday, 0, "HR-9")
    assert marks() == [(friday, act.pk)]
    assert Session.objects.living().count() == 1
    said = moments.aware(friday).isoformat()
    assert Event.objects.get(kind=Event.Kind.OFFBOARDING_SET).data["happened_at"] == said


def test_nobody_leaves_after_access_ends(user: Any, laptop: Any, friday: datetime) -> None:
    with pytest.raises(ValueError, match="after ends_at"):
        offboard(user=user, ends_at=friday, happened_at=friday + HOUR)
    assert not Offboarding.objects.exists()


def test_everybody_at_once(user: Any, other_user: Any, browser: Any, laptop: Any, friday: datetime) -> None:
    from sessions_ui.models.primary import all_users

    browser().sign_in(other_user)
    both = all_users().filter(pk__in=[user.pk, other_user.pk])
    end_sessions(
        sessions=Session.objects.all(),
        reason=EndReason.INCIDENT,
        of_users=both,
        unadopted=True,
        happened_at=friday,
    )
    act = Act.objects.get()
    assert marks() == [(friday, act.pk), (friday, act.pk)]


def test_a_password_change_is_remembered_with_the_session_that_made_it(
    user: Any, browser: Any, laptop: Any
) -> None:
    kept = Session.objects.get().pk
    end_user_sessions(user=user, reason=EndReason.HELP_DESK, keep=kept)
    assert AccountState.objects.get(pk=user.pk).password_changed_at is None
    with time_machine.travel(timezone.now(), tick=False):
        now = timezone.now()
        end_user_sessions(user=user, reason=EndReason.PASSWORD_CHANGED, keep=kept)
    state = AccountState.objects.get(pk=user.pk)
    assert (state.password_changed_at, state.password_kept_id) == (now, kept)
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    state.refresh_from_db()
    assert state.password_changed_at > now and state.password_kept_id is None
