"""Whoever decides something about an account holds it first, so that no sign-in passes the decision unseen.

Seen in the statements, on every database: the races themselves are in tests/races.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui import verify_not_frozen
from sessions_ui.actions.devices.confirm import confirm_device
from sessions_ui.actions.devices.lost import mark_lost
from sessions_ui.actions.devices.not_me import report_by_link, report_not_me
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.end import end_sessions, end_user_sessions
from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
from sessions_ui.actions.endings.reconcile.unlawful import end_if_unlawful
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.recovery.close import lift_recovery
from sessions_ui.actions.recovery.open import mail_recovery_link, open_recovery
from sessions_ui.actions.recovery.steps import choose_password, remove_added
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sign_in.assess_risk import judge_change
from sessions_ui.actions.step_up.codes import is_proven, send_code
from sessions_ui.actions.step_up.reauthentication import note_reauthentication
from sessions_ui.client.user_agent import parse
from tests.meanwhile import as_somebody_else
from tests.models import Delivery, EndReason, Offboarding, Recovery, Session, VerificationCode

pytestmark = pytest.mark.django_db

ANOTHER_BROWSER = "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture
def session(user: Any, browser: Any) -> Session:
    browser().sign_in(user)
    return Session.objects.select_related("user", "device").get()


Act = Callable[[], Any]


def a_code(session: Session) -> Act:
    return partial(
        send_code, user=session.user, session_id=session.pk, purpose=VerificationCode.Purpose.CONFIRM
    )


def a_factor(session: Session) -> Act:
    since = timezone.now() - timedelta(days=60)
    note_reauthentication(
        user=session.user, session_id=session.pk, succeeded=True, method="totp", since=since
    )
    return partial(is_proven, user=session.user, session=session, purpose=VerificationCode.Purpose.CONFIRM)


def another_browser_midway(session: Session) -> Act:
    client = client_of({"HTTP_USER_AGENT": ANOTHER_BROWSER, "REMOTE_ADDR": "81.2.69.142"})
    before = parse(session.user_agent)
    return partial(judge_change, session.pk, session.user_id, before, client.client, client)


def a_confirmation(session: Session) -> Act:
    return partial(confirm_device, device=session.device, actor=session.user, proof="factor")


def not_me(session: Session) -> Act:
    return partial(report_not_me, session=session)


def not_me_by_the_link(session: Session) -> Act:
    delivery = Delivery.objects.create(user=session.user, channel="mail", receiver="ada@people.example")
    return partial(report_by_link, delivery=delivery, session=session)


def a_lost_device(session: Session) -> Act:
    return partial(mark_lost, device=session.device, actor=session.user)


def one_that_has_run_out(session: Session) -> Act:
    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    return partial(end_if_unlawful, [session.pk])


def an_agreed_date(session: Session) -> Act:
    return partial(offboard, user=session.user, ends_at=timezone.now() + timedelta(days=1))


def an_agreed_date_taken_back(session: Session) -> Act:
    ends_at = timezone.now() + timedelta(days=1)
    offboarding: Any = Offboarding.objects.create(user=session.user, ends_at=ends_at)
    return partial(cancel_offboarding, offboarding=offboarding)


def a_new_password(session: Session) -> Act:
    return partial(require_new_password, user=session.user, reason=EndReason.INCIDENT, actor=None)


def some_sessions(session: Session) -> Act:
    chosen = Session.objects.filter(pk=session.pk)
    return partial(end_sessions, sessions=chosen, reason=EndReason.INCIDENT)


def all_sessions(session: Session) -> Act:
    return partial(end_user_sessions, user=session.user, reason=EndReason.INCIDENT)


def many_sessions(session: Session) -> Act:
    chosen = Session.objects.filter(pk=session.pk)
    return partial(end_later, sessions=chosen, reason=EndReason.INCIDENT)


def opened(session: Session) -> Recovery:
    """Long enough ago for another link."""
    with time_machine.travel(timezone.now() - timedelta(minutes=2), tick=False):
        return open_recovery(user=session.user, since=timezone.now(), opened_by=Recovery.OpenedBy.MAIL)


def a_new_password_in_a_recovery(session: Session) -> Act:
    return partial(choose_password, recovery=opened(session), user=session.user, save=lambda: None)


def what_was_added_goes(session: Session) -> Act:
    return partial(remove_added, recovery=opened(session), user=session.user, chosen=[])


def a_recovery_that_is_lifted(session: Session) -> Act:
    opened(session)
    return partial(lift_recovery, user=session.user, actor=None)


def another_link(session: Session) -> Act:
    opened(session)
    return partial(mail_recovery_link, user=session.user)


def a_credential_while_it_is_asked_whether_the_account_is_frozen(session: Session) -> Act:
    def write() -> bool:
        as_somebody_else(partial(verify_not_frozen, session.user))
        return True

    return write


DECISIONS = [
    a_code,
    a_factor,
    another_browser_midway,
    a_confirmation,
    not_me,
    not_me_by_the_link,
    a_lost_device,
    one_that_has_run_out,
    an_agreed_date,
    an_agreed_date_taken_back,
    a_new_password,
    some_sessions,
    all_sessions,
    many_sessions,
    a_new_password_in_a_recovery,
    what_was_added_goes,
    a_recovery_that_is_lifted,
    another_link,
    a_credential_while_it_is_asked_whether_the_account_is_frozen,
]


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda decision: decision.__name__)
def test_the_account_is_locked_before_anything_is_written(
    decision: Callable[[Session], Act], session: Session, user: Any
) -> None:
    act = decision(session)
    with CaptureQueriesContext(connection) as queries:
        assert act() is not None or decision is another_browser_midway
    done = [query["sql"] for query in queries]
    # By their own key, or as those whose session that is.
    whose = rf"\b({user.pk}|{session.pk})\b"
    lock = rf"SELECT .accounts_user.\..id.( AS .pk.)? FROM .accounts_user. WHERE .*{whose}.* ORDER BY "
    locks = [number for number, sql in enumerate(done) if re.match(lock, sql)]
    writes = [number for number, sql in enumerate(done) if re.match("INSERT|UPDATE", sql)]
    assert locks and writes and locks[0] < writes[0], done
    if connection.features.has_select_for_update:
        assert "FOR UPDATE" in done[locks[0]]
