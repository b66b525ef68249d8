"""Whoever decides about an account waits for whoever has its user's row: a sign-in, or another decision.

No race and no rounds: somebody holds the row until the test says otherwise. What does not wait is noticed, unless the
machine is too slow to carry it out in `A_WHILE`; what waits is never taken for something that does not. On SQLite,
which has one writer, everything waits anyway.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.utils import timezone

from sessions_ui.actions.devices.confirm import confirm_device
from sessions_ui.actions.devices.lost import mark_lost
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.step_up.codes import send_code
from tests.conftest import PASSWORD
from tests.models import EndReason, Offboarding, Session, VerificationCode
from tests.races.test_sign_in import sign_in

A_WHILE = 0.5  # seconds


@pytest.fixture
def person(transactional_db: None) -> Any:
    return get_user_model().objects.create_user("ada@people.example", PASSWORD)


@pytest.fixture
def session(person: Any) -> Session:
    sign_in(person)
    Offboarding.objects.create(user_id=person.pk, ends_at=timezone.now() + timedelta(days=1))
    return Session.objects.select_related("user", "device").get()


@pytest.fixture
def release(person: Any, session: Session) -> Iterator[threading.Event]:
    """The person's row is held by somebody else until this is set."""
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                # An UPDATE that changes nothing: a database without row locks takes its only one for it.
                get_user_model().objects.filter(pk=person.pk).update(is_active=True)
                held.set()
                release.wait()
        finally:
            held.set()
            connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    yield release
    release.set()
    holder.join()


def end_everything(session: Session) -> None:
    end_user_sessions(user=session.user, reason=EndReason.SIGNED_OUT_EVERYWHERE)


def end_what_is_over(session: Session) -> None:
    end_user_sessions(user=session.user, reason=EndReason.ADMINISTRATOR, keep=session.pk)


def set_a_date(session: Session) -> None:
    offboard(user=session.user, ends_at=timezone.now() + timedelta(days=1))


def cancel_a_date(session: Session) -> None:
    cancel_offboarding(offboarding=Offboarding.objects.get())


def require_a_password(session: Session) -> None:
    require_new_password(user=session.user, reason=EndReason.HELP_DESK, actor=None)


def lose_the_device(session: Session) -> None:
    assert session.device is not None
    mark_lost(device=session.device, actor=None)


def disown(session: Session) -> None:
    report_not_me(session=session)


def confirm(session: Session) -> None:
    assert session.device is not None
    confirm_device(device=session.device, actor=session.user, proof="mailed_code")


def ask_for_a_code(session: Session) -> None:
    send_code(user=session.user, session_id=session.pk, purpose=VerificationCode.Purpose.CONFIRM)


def sign_in_once_more(session: Session) -> None:
    sign_in(session.user)


@pytest.mark.parametrize(
    "act",
    [
        end_everything,
        end_what_is_over,
        set_a_date,
        cancel_a_date,
        require_a_password,
        lose_the_device,
        disown,
        confirm,
        ask_for_a_code,
        sign_in_once_more,
    ],
)
@pytest.mark.parametrize("adopting", [False, True])
def test_an_ending_waits_for_whoever_holds_the_users_row(
    adopting: bool,
    act: Callable[[Session], None],
    session: Session,
    release: threading.Event,
    settings: Any,
) -> None:
    if adopting:
        until = timezone.now() + timedelta(days=1)
        settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADOPT_FROM": "db", "ADOPT_UNTIL": until}
    done, failed = threading.Event(), []

    def work() -> None:
        try:
            act(session)
        except Exception as error:
            failed.append(error)
        finally:
            done.set()
            connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    too_early = done.wait(A_WHILE)
    release.set()
    worker.join()
    assert failed == []
    assert not too_early
