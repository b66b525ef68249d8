"""Requests in flight while their session ends or its key is replaced."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from django.utils import timezone

from sessions_ui.actions.endings.changes.access import access_changed
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.sessions.activity import touch
from sessions_ui.client import client_info
from sessions_ui.conf import conf
from sessions_ui.exceptions import KeyRotated, TryAgain
from sessions_ui.store import SessionStore
from tests.models import Act, Delivery, EndReason, Event, Session, digest_of
from tests.races.people import administrator, ended_of, is_signed_in, living, sign_in, somebody
from tests.races.race import ROUNDS, Race


def save(store: SessionStore) -> None:
    store["cart"] = 1
    store.save()


def rotate(store: SessionStore) -> None:
    store.cycle_key()
    store.save()


def empty(store: SessionStore) -> None:
    store.clear()
    store.save()


def touched(store: SessionStore) -> None:
    row, key = store.row, store.session_key
    assert row is not None and key is not None
    touch(
        session=row,
        digest=digest_of(key),
        client=client_info({}, trusted=(), geoip_path=()),
        now=timezone.now() + conf.last_seen_every,
    )


def test_no_write_in_flight_lets_a_session_live_on(race: Race) -> None:
    """Interleavings A, C and G."""
    for late_write in race.turns([save, rotate, empty, touched]):
        person = somebody(known=False)
        key = sign_in(person)
        store = SessionStore(key)
        assert store.get_user() == person
        race.run(
            partial(late_write, store),
            endings=[partial(end_user_sessions, user=person, reason=EndReason.DEVICE_LOST)],
        )
        race.is_over(is_signed_in(key) or is_signed_in(store.session_key) or living(person).exists())


def test_ending_from_many_sides_ends_once(race: Race) -> None:
    """Trap L."""
    for _ in race.times(ROUNDS // 4):
        person = somebody(known=False)
        key = sign_in(person)
        race.run(endings=[*[partial(administrator, person)] * 4, SessionStore(key).delete])
        race.is_over(is_signed_in(key))
        assert len(ended_of(person)) == 1
        acts = Act.objects.filter(pk__in=Session.objects.of(person).values("act"))
        assert [act.count for act in acts] == [1]


@pytest.mark.databases("postgresql", "mysql")  # SQLite has one writer: nobody signs in meanwhile
def test_whoever_ends_by_a_snapshot_of_who_is_signed_in_tells_everybody_whom_it_ended(
    race: Race, at_once: Any
) -> None:
    """In a transaction of the host that has read before the second of the two signed in. Whether theirs ends, too, is
    for the database to say; whoever ended is told."""
    for known in race.turns([True, False], rounds=min(ROUNDS, 20)):
        person, other = somebody(known=True), somebody(known=known)
        first = sign_in(person)
        people = get_user_model().objects.filter(pk__in=[person.pk, other.pk], sessions__ended_at=None)
        second = None
        try:
            with transaction.atomic():
                assert people.exists()
                second = at_once(partial(sign_in, other))[0]
                receipt = access_changed(users=people)
        except TryAgain:  # at a stricter level than MariaDB's
            race.stays(is_signed_in(first) and is_signed_in(second))
            continue
        race.is_over(is_signed_in(first))
        ended = Session.objects.filter(act=receipt.act)
        events = Event.objects.filter(act=receipt.act, kind=Event.Kind.ENDED)
        assert receipt.ended == ended.count() == events.count()
        assert {*events.values_list("session_id", flat=True)} == {*ended.values_list("pk", flat=True)}
        told = Delivery.objects.filter(act=receipt.act, channel="mail").values_list("user_id", flat=True)
        assert set(told) == set(ended.values_list("user_id", flat=True))


def test_twenty_parallel_requests_during_a_rotation_sign_nobody_out(at_once: Any) -> None:
    for _ in range(max(ROUNDS // 20, 3)):
        person = somebody(known=False)
        key = sign_in(person)
        rotating = SessionStore(key)
        assert rotating.get_user() == person

        def request(key: str | None = key) -> Any:
            client = Client()
            client.cookies["sessionid"] = key
            return client.get("/account/devices/")

        _, *responses = at_once(lambda rotating=rotating: rotate(rotating), *[request] * 20)
        for response in responses:
            assert response.status_code in (200, 409), response
            assert "sessionid" not in response.cookies, "no cookie is deleted"
        assert is_signed_in(rotating.session_key)
        assert living(person).count() == 1


def test_two_rotations_at_once_leave_one_key_and_end_nothing(at_once: Any) -> None:
    for _ in range(ROUNDS):
        person = somebody(known=False)
        key = sign_in(person)
        stores = [SessionStore(key), SessionStore(key)]
        for store in stores:
            store.get_user()
        outcomes = at_once(*[lambda store=store: rotate(store) for store in stores])
        assert sum(outcome is None for outcome in outcomes) == 1
        assert sum(isinstance(outcome, KeyRotated) for outcome in outcomes) == 1
        winner = stores[outcomes.index(None)]
        assert is_signed_in(winner.session_key)
        assert living(person).count() == 1
