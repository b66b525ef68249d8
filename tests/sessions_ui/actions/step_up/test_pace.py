"""How many codes may be mailed: by the account, and by who asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.step_up.codes import send_code
from sessions_ui.actions.step_up.pace import asker
from sessions_ui.exceptions import ProofRefused
from tests.models import Session, VerificationCode

pytestmark = pytest.mark.django_db

CONFIRM = VerificationCode.Purpose.CONFIRM
WAITING = 1_000_000  # primary keys of sessions of nobody, from here on
HERE, THERE = "203.0.113.5", "198.51.100.9"


@pytest.fixture(autouse=True)
def _time_stands_still() -> Any:
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture
def session(user: Any, browser: Any) -> Session:
    browser().force_login(user)
    return Session.objects.of(user).get()


def from_network(address: str, act: Any) -> Any:
    token = context.begin(context.Acting(meta={"REMOTE_ADDR": address}))
    try:
        return act()
    finally:
        context.finish(token)


def ask(user: Any, address: str, *, session_id: int) -> bool:
    """Whether a code was sent to a session that asks from this address."""
    sent = VerificationCode.objects.count()
    try:
        from_network(address, lambda: send_code(user=user, session_id=session_id, purpose=CONFIRM))
    except ProofRefused as refused:
        assert refused.reason == "too_many"
        return False
    assert VerificationCode.objects.count() == sent + 1
    VerificationCode.objects.filter(user=user).update(tries=5)
    return True


def asked(user: Any, address: str, *, sessions: int, first: int) -> list[bool]:
    """Five codes for each of so many sessions."""
    return [ask(user, address, session_id=WAITING + first + number // 5) for number in range(5 * sessions)]


def test_one_session_gets_five_codes_an_hour(user: Any, session: Session) -> None:
    assert [ask(user, HERE, session_id=session.pk) for _ in range(6)] == [True] * 5 + [False]


def test_two_sessions_of_a_thief_leave_every_code_to_another_network(user: Any) -> None:
    assert all(asked(user, THERE, sessions=2, first=100))
    assert not ask(user, THERE, session_id=WAITING + 200), "and a third one gets none"
    assert all(asked(user, HERE, sessions=1, first=300))


def test_networks_together_get_thirty_codes_an_hour(user: Any) -> None:
    """At a million, 150 guesses: whoever has many networks does not guess for ever."""
    answers = [
        ask(user, f"198.51.100.{number}", session_id=WAITING + 1000 * number + count // 5)
        for number in range(4)
        for count in range(10)
    ]
    assert answers == [True] * 30 + [False] * 10
    assert not ask(user, HERE, session_id=WAITING + 5)


def test_networks_together_get_a_hundred_codes_a_day(user: Any) -> None:
    sent = 0
    for hour in range(23):
        with time_machine.travel(timezone.now() + timedelta(hours=hour, minutes=1), tick=False):
            for number in range(4):
                answers = asked(user, f"198.51.100.{number}", sessions=2, first=1000 * hour + 10 * number)
                sent += sum(answers)
    assert sent == 100


def test_what_strangers_have_used_up_a_confirmed_device_has_still(user: Any, session: Session) -> None:
    session.device.confirmed_at = timezone.now()
    session.device.save()
    for number in range(3):
        asked(user, f"198.51.100.{number}", sessions=2, first=100 * number + 100)
    assert not ask(user, HERE, session_id=WAITING + 9999)
    assert [ask(user, HERE, session_id=session.pk) for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.parametrize("change", [{"confirmed_at": None}, {"lost_at": timezone.now()}])
def test_a_device_that_is_not_confirmed_or_is_lost_is_a_stranger(
    change: dict[str, Any], user: Any, session: Session
) -> None:
    session.device.confirmed_at = timezone.now()
    session.device.save()
    assert asker(user, session.pk) == f"device:{session.device.pk}"
    type(session.device).objects.filter(pk=session.device.pk).update(**change)
    assert not asker(user, session.pk).startswith("device:")


def test_a_session_of_somebody_else_is_no_device_of_this_account(
    user: Any, other_user: Any, session: Session
) -> None:
    session.device.confirmed_at = timezone.now()
    session.device.save()
    assert not asker(other_user, session.pk).startswith("device:")


def test_codes_of_an_hour_ago_do_not_count(user: Any) -> None:
    asked(user, HERE, sessions=2, first=100)
    now = timezone.now()
    for seconds, may in ((3599, False), (3600, True)):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            assert ask(user, HERE, session_id=WAITING + 500) is may


@pytest.mark.parametrize(("seconds", "may"), [(24 * 3600 - 1, False), (24 * 3600, True)])
def test_codes_of_a_day_ago_do_not_count(seconds: int, may: bool, user: Any) -> None:
    """A hundred that strangers asked for, none of them within the last hour."""
    at = timezone.now() - timedelta(seconds=seconds)
    VerificationCode.objects.bulk_create(
        VerificationCode(
            user=user, session_id=WAITING + n, purpose=CONFIRM, asked_by=f"{n}", created_at=at, expires_at=at
        )
        for n in range(100)
    )
    assert ask(user, HERE, session_id=WAITING + 500) is may


def test_the_codes_of_one_account_do_not_use_up_those_of_another(user: Any, other_user: Any) -> None:
    asked(user, HERE, sessions=2, first=100)
    assert ask(other_user, HERE, session_id=WAITING + 500)


def test_no_row_tells_the_network_that_asked(user: Any) -> None:
    ask(user, HERE, session_id=WAITING + 1)
    row = VerificationCode.objects.get()
    assert len(row.asked_by) == 32 and HERE not in str(vars(row))
    assert row.asked_by != from_network(THERE, lambda: asker(user, WAITING + 1))
    assert row.asked_by == from_network(HERE, lambda: asker(user, WAITING + 2))


def test_the_addresses_of_one_ipv6_network_are_one_asker(user: Any) -> None:
    one, two, other = (
        from_network(address, lambda: asker(user, WAITING + 1))
        for address in ("2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:3::1")
    )
    assert one == two != other


def test_outside_of_a_request_everybody_is_one_asker(user: Any, session: Session) -> None:
    assert (
        asker(user, session.pk)
        == asker(user, session.pk + 1)
        != from_network(HERE, lambda: asker(user, WAITING + 1))
    )
