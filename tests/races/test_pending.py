"""A sign-in that waits for its second step while something is decided, and nothing else is signed in (trap 4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sessions_ui.actions.devices.lost import mark_lost
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.sign_in.pending import begin_sign_in
from sessions_ui.store import SessionStore
from tests.models import EndReason, Event
from tests.races.people import (
    access,
    administrator,
    by_command,
    by_worker,
    everywhere,
    is_signed_in,
    living,
    row_of,
    sign_in,
    somebody,
)
from tests.races.race import Race


def first_step(person: Any) -> Callable[[], str | None]:
    """The password was right; returns the second step."""
    store = SessionStore()
    begin_sign_in(store, person)
    store.save()
    return lambda: sign_in(person, SessionStore(store.session_key))


DECISIONS = [everywhere, administrator, access, by_command, by_worker]


def test_a_sign_in_that_waits_never_outlives_a_decision(race: Race) -> None:
    for end, known in race.turns(DECISIONS, [True, False]):
        person = somebody(known=known)
        key, _ = race.run(first_step(person), endings=[partial(end, person)])
        race.is_over(is_signed_in(key) or living(person).exists())


def test_a_sign_in_that_waits_never_outlives_what_is_said_of_a_device_signed_out_before(race: Race) -> None:
    for mark in race.turns(["not me", "lost"]):
        person = somebody(known=False)
        session = row_of(sign_in(person))
        end_user_sessions(user=person, reason=EndReason.SIGNED_OUT)
        say = (
            partial(mark_lost, device=session.device, actor=person)
            if mark == "lost"
            else partial(report_not_me, session=session, actor=person)
        )
        key, _ = race.run(first_step(person), endings=[say])
        said = Event.Kind.DEVICE_LOST if mark == "lost" else Event.Kind.NOT_ME
        # A sign-in that was complete before, on another device, is not what was reported.
        race.is_over(is_signed_in(key) and came_after(person, said))


def came_after(person: Any, kind: Event.Kind) -> bool:
    """Whether the last sign-in came after the event of this kind."""
    log = Event.objects.filter(user_id=person.pk)
    return log.filter(kind=Event.Kind.SIGNED_IN).latest("pk").pk > log.filter(kind=kind).latest("pk").pk
