"""Requests in flight while their session ends or its key is replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from sessions_ui.actions.end import end_user_sessions
from sessions_ui.actions.touch import touch
from sessions_ui.client import client_info
from sessions_ui.conf import conf
from sessions_ui.exceptions import KeyRotated, SessionEnded
from sessions_ui.store import SessionStore
from tests.conftest import PASSWORD
from tests.models import Act, EndReason, Event, Session, digest_of
from tests.races.conftest import ROUNDS


@pytest.fixture
def person(transactional_db: None) -> Any:
    return get_user_model().objects.create_user("ada@people.example", PASSWORD)


def signed_in(person: Any) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies["sessionid"].value


def is_signed_in(key: str | None) -> bool:
    return SessionStore(key).get_user().is_authenticated


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


@pytest.mark.parametrize("late_write", [save, rotate, empty, touched])
def test_no_write_in_flight_lets_a_session_live_on(
    late_write: Callable[[SessionStore], None], person: Any, at_once: Any
) -> None:
    """Interleavings A, C and G, with real threads."""
    for _ in range(ROUNDS):
        key = signed_in(person)
        store = SessionStore(key)
        assert store.get_user() == person
        outcome, receipt = at_once(
            lambda store=store: late_write(store),
            lambda: end_user_sessions(user=person, reason=EndReason.DEVICE_LOST),
        )
        assert outcome is None or isinstance(outcome, SessionEnded), outcome
        assert not isinstance(receipt, Exception), receipt
        assert not is_signed_in(key)
        assert not is_signed_in(store.session_key)
        assert not Session.objects.living().exists()


def test_ending_from_many_sides_ends_once(person: Any, at_once: Any) -> None:
    """Trap L."""
    for _ in range(ROUNDS // 4):
        Act.objects.all().delete()
        key = signed_in(person)
        receipts = at_once(
            *[lambda: end_user_sessions(user=person, reason=EndReason.ADMINISTRATOR) for _ in range(4)],
            lambda key=key: SessionStore(key).delete(),
        )
        assert [type(receipt) for receipt in receipts if isinstance(receipt, Exception)] == []
        row = Session.objects.latest("pk")
        assert Event.objects.filter(session_id=row.pk, kind=Event.Kind.ENDED).count() == 1
        assert Act.objects.count() == 1 and Act.objects.get().count == 1


def test_twenty_parallel_requests_during_a_rotation_sign_nobody_out(person: Any, at_once: Any) -> None:
    for _ in range(max(ROUNDS // 20, 3)):
        Session.objects.all().delete()
        key = signed_in(person)
        rotating = SessionStore(key)
        assert rotating.get_user() == person

        def request(key: str = key) -> Any:
            client = Client()
            client.cookies["sessionid"] = key
            return client.get("/account/devices/")

        _, *responses = at_once(lambda rotating=rotating: rotate(rotating), *[request] * 20)
        for response in responses:
            assert response.status_code in (200, 409), response
            assert "sessionid" not in response.cookies, "no cookie is deleted"
        assert is_signed_in(rotating.session_key)
        assert Session.objects.living().count() == 1


def test_two_rotations_at_once_leave_one_key_and_end_nothing(person: Any, at_once: Any) -> None:
    for _ in range(ROUNDS):
        Session.objects.all().delete()
        key = signed_in(person)
        stores = [SessionStore(key), SessionStore(key)]
        for store in stores:
            store.get_user()
        outcomes = at_once(*[lambda store=store: rotate(store) for store in stores])
        assert sum(outcome is None for outcome in outcomes) == 1
        assert sum(isinstance(outcome, KeyRotated) for outcome in outcomes) == 1
        winner = stores[outcomes.index(None)]
        assert is_signed_in(winner.session_key)
        assert Session.objects.living().count() == 1
