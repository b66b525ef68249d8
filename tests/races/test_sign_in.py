"""A sign-in under way while something is decided about the account (traps J, 6, 8 and 13)."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui.actions.endings.changes.access import access_changed
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.store import SessionStore
from tests.conftest import PASSWORD
from tests.models import AccountState, Delivery, EndReason, Event, Session
from tests.races.people import (
    ENDINGS,
    disable,
    ended_of,
    is_signed_in,
    living,
    outlived,
    save_password,
    sign_in,
    sign_in_with,
    somebody,
)
from tests.races.race import JITTER, MANY, ROUNDS, Race


def test_a_sign_in_with_the_old_password_never_outlives_a_reset(race: Race) -> None:
    for number in race.times():
        person = somebody(known=number % 2 == 0)
        reset = partial(save_password, person, "a horse of another colour")
        key, _ = race.run(
            partial(sign_in_with, person.email, PASSWORD), endings=[partial(race.by_host, reset)]
        )
        race.is_over(is_signed_in(key) or living(person).exists())


def require(person: Any) -> Any:
    return require_new_password(user=person, reason=EndReason.INCIDENT, actor=None)


def offboard_now(person: Any) -> Any:
    return offboard(user=person, ends_at=timezone.now())


def test_a_sign_in_never_outlives_what_shuts_the_account(race: Race) -> None:
    """Trap 6."""
    refused = 0
    for decide, known in race.turns([require, offboard_now], [True, False]):
        person = somebody(known=known)
        key, _ = race.run(partial(sign_in, person), endings=[partial(decide, person)])
        refused += key is None
        race.is_over(is_signed_in(key) or living(person).exists())
    assert 0 < refused < race.rounds or race.rounds < MANY, "both orders were seen"


@pytest.mark.control("ASVS 7.4.2")
def test_a_sign_in_never_outlives_the_disabling_of_its_account(race: Race) -> None:
    for number in race.times():
        person = somebody(known=number % 2 == 0)
        key, _ = race.run(partial(sign_in, person), endings=[partial(race.by_host, partial(disable, person))])
        race.is_over(is_signed_in(key))
        get_user_model().objects.filter(pk=person.pk).update(is_active=True)
        race.is_over(
            is_signed_in(key) or living(person).exists(), "a session of the account that is on again"
        )


def test_a_sign_in_is_ended_with_the_others_or_came_after_them(race: Race) -> None:
    ended_with_them = 0
    for end in race.turns(ENDINGS):
        person = somebody(known=False)
        first = sign_in(person)
        key, _ = race.run(partial(sign_in, person), endings=[partial(end, person)])
        race.is_over(is_signed_in(first), "the session from before")
        race.is_over(outlived(person), "a session that had signed in before the ending")
        ended_with_them += not is_signed_in(key)
        told_of = ended_of(person)
        assert len(told_of) == Session.objects.of(person).filter(ended_at__isnull=False).count()
    assert 0 < ended_with_them < race.rounds or race.rounds < MANY, "both orders were seen"


def test_a_sign_in_while_a_date_is_set_gets_the_date(race: Race) -> None:
    ends_at = timezone.now() + timedelta(days=1)
    for _ in race.times():
        person = somebody(known=False)
        key, _ = race.run(partial(sign_in, person), endings=[partial(offboard, user=person, ends_at=ends_at)])
        race.stays(is_signed_in(key))
        race.is_over(living(person).get().expires_at > ends_at, "a session beyond the date")


@pytest.mark.control("SP 800-53 AC-10")
def test_eight_sign_ins_at_once_keep_to_a_limit_of_one(race: Race, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SESSION_LIMIT": 1}
    for known in race.turns([True, False], rounds=ROUNDS // 4):
        person = somebody(known=known)
        keys = race.run(*[partial(sign_in, person)] * 8)
        race.is_over(living(person).count() > 1, "more than one session")
        race.stays(sum(map(is_signed_in, keys)) == 1, "the last one")


def test_twenty_sign_ins_of_one_person_at_once_all_succeed(race: Race) -> None:
    for known in race.turns([True, False], rounds=ROUNDS // 10):
        person = somebody(known=known)
        keys = race.run(*[partial(sign_in, person)] * 20)
        race.stays(all(map(is_signed_in, keys)), "one of twenty")


def test_people_whose_access_changed_are_told_of_exactly_what_was_ended(race: Race) -> None:
    """Trap 8: one of two people signs in for the first time at that moment."""
    for with_state in race.turns(["nobody", "the other", "both"]):
        person, other = somebody(known=with_state == "both"), somebody(known=False)
        first = sign_in(other)
        if with_state == "nobody":
            AccountState.objects.filter(pk=other.pk).delete()
        people = get_user_model().objects.filter(pk__in=[person.pk, other.pk])
        _, receipt = race.run(partial(sign_in, person), endings=[partial(access_changed, users=people)])
        race.is_over(is_signed_in(first) or outlived_the_other(person, other))
        if isinstance(receipt, Exception):
            continue
        ended = Session.objects.filter(act=receipt.act)
        assert receipt.ended == ended.count()
        assert sorted(ended_of(person) + ended_of(other)) == sorted(
            session.pk for session in ended_or_out(person, other)
        )
        told = Delivery.objects.filter(act=receipt.act, channel="mail").values_list("user_id", flat=True)
        assert set(told) == set(ended.values_list("user_id", flat=True))


def outlived_the_other(person: Any, other: Any) -> bool:
    """Whether `person`, who had signed in before the sessions of both were ended, is signed in still."""
    signed_in = Event.objects.filter(user_id=person.pk, kind=Event.Kind.SIGNED_IN).order_by("pk").last()
    ended = Event.objects.filter(user_id=other.pk, kind=Event.Kind.ENDED).order_by("pk").last()
    return bool(signed_in and ended and signed_in.pk < ended.pk and living(person).exists())


def ended_or_out(*people: Any) -> Any:
    return Session.objects.filter(user__in=people, ended_at__isnull=False)


def test_an_anonymous_row_that_expires_while_it_signs_in_is_not_purged_as_a_session(race: Race) -> None:
    """Trap 13. It has to expire between a sign-in's write and its commit, which hardly ever comes up here; the test of
    `purge_old` goes to that very place."""
    for _ in race.times():
        person = somebody()
        store = SessionStore()
        store["cart"] = 1
        store.save()
        late = SessionStore(store.session_key)
        late.load()
        soon = timezone.now() + timedelta(seconds=random.uniform(0, 3 * JITTER))
        Session.objects.filter(pk=store.session_id).update(expires_at=soon)
        key, *_ = race.run(partial(sign_in, person, late), tasks=[purge_old, purge_old, end_unlawful])
        if key is not None:
            race.stays(is_signed_in(key))
