"""A mailed code proves what it was mailed for, in the session it was mailed for, once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui import models
from sessions_ui.actions.step_up.codes import (
    can_give_code,
    check_code,
    has_given_code,
    is_proven,
    other_factor,
    send_code,
)
from sessions_ui.actions.step_up.reauthentication import note_reauthentication
from sessions_ui.exceptions import ProofRefused
from tests.interleaving import just_before
from tests.models import Delivery, Event, Session, VerificationCode

pytestmark = pytest.mark.django_db

END_OLDER, CONFIRM = VerificationCode.Purpose.END_OLDER, VerificationCode.Purpose.CONFIRM
SIGN_IN = VerificationCode.Purpose.SIGN_IN


@pytest.fixture
def session(user: Any, browser: Any) -> Session:
    browser().force_login(user)
    return Session.objects.of(user).get()


def code_for(user: Any, session: Session, purpose: VerificationCode.Purpose = END_OLDER) -> str:
    send_code(user=user, session_id=session.pk, purpose=purpose)
    return VerificationCode.objects.get(user=user, session=session, purpose=purpose).code()


LONG_AGO = timedelta(days=60)


def show(user: Any, session: Session, **given: Any) -> Event:
    """What the site says when an authenticator app of long ago was shown in this session."""
    named = {"method": "totp", "since": timezone.now() - LONG_AGO, **given}
    return note_reauthentication(user=user, session_id=session.pk, succeeded=True, **named)


@pytest.fixture
def others(session: Session, user: Any, other_user: Any, browser: Any) -> list[tuple[Any, Session, Any]]:
    """Codes that are open at the same time: of another user, in another session, for another purpose. The first rows
    of their table."""
    browser().force_login(other_user)
    browser().force_login(user)
    asked = [
        (other_user, Session.objects.of(other_user).get(), END_OLDER),
        (user, Session.objects.of(user).exclude(pk=session.pk).get(), END_OLDER),
        (user, session, CONFIRM),
    ]
    for whose, where, purpose in asked:
        code_for(whose, where, purpose)
    return asked


def test_a_code_is_not_given_where_the_event_cannot_be_written(
    session: Session, user: Any, request: pytest.FixtureRequest
) -> None:
    code = code_for(user, session)
    request.getfixturevalue("failing_events")
    with pytest.raises(DatabaseError):
        check_code(user=user, session_id=session.pk, purpose=END_OLDER, code=code)
    assert VerificationCode.objects.get().given_at is None
    assert not is_proven(user=user, session=session, purpose=END_OLDER)


def test_one_right_code_proves_nothing_of_any_other_user_session_or_purpose(
    others: list[tuple[Any, Session, Any]], session: Session, user: Any
) -> None:
    before = list(VerificationCode.objects.order_by("pk").values())
    check_code(user=user, session_id=session.pk, purpose=END_OLDER, code=code_for(user, session))
    assert is_proven(user=user, session=session, purpose=END_OLDER)
    for whose, where, purpose in others:
        assert not is_proven(user=whose, session=where, purpose=purpose)
    assert list(VerificationCode.objects.order_by("pk").values()[: len(before)]) == before
    event = Event.objects.get(kind=Event.Kind.PROVEN)
    assert (event.user_id, event.session_id) == (user.pk, session.pk)


def test_a_code_proves_nothing_of_somebody_else_in_the_same_session(
    session: Session, user: Any, other_user: Any
) -> None:
    """Two people can begin to sign in, one after the other, in one session that is nobody's yet."""
    Session.objects.filter(pk=session.pk).update(user=None)
    session.refresh_from_db()
    check_code(user=user, session_id=session.pk, purpose=SIGN_IN, code=code_for(user, session, SIGN_IN))
    assert has_given_code(user=user, session=session, purpose=SIGN_IN)
    assert not has_given_code(user=other_user, session=session, purpose=SIGN_IN)


def test_a_wrong_code_uses_up_no_try_of_any_other(
    others: list[tuple[Any, Session, Any]], session: Session, user: Any
) -> None:
    before = list(VerificationCode.objects.order_by("pk").values())
    wrong = f"{(int(code_for(user, session)) + 1) % 10**6:06d}"
    with pytest.raises(ProofRefused, match="wrong_code"):
        check_code(user=user, session_id=session.pk, purpose=END_OLDER, code=wrong)
    assert list(VerificationCode.objects.order_by("pk").values()[: len(before)]) == before
    assert VerificationCode.objects.latest("pk").tries == 1


def test_a_code_that_two_requests_give_at_the_same_moment_counts_once(
    session: Session, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other request comes between looking for the code and marking it given."""
    code = code_for(user, session)
    give = {"user": user, "session_id": session.pk, "purpose": END_OLDER, "code": code}
    right = models.VerificationCode.code

    def beside(proof: VerificationCode, **options: Any) -> str:
        monkeypatch.setattr(models.VerificationCode, "code", right)
        check_code(**give)
        return right(proof, **options)

    monkeypatch.setattr(models.VerificationCode, "code", beside)
    with pytest.raises(ProofRefused, match="code_over"):
        check_code(**give)
    assert Event.objects.filter(kind=Event.Kind.PROVEN).count() == 1


def test_a_session_of_which_nobody_knows_since_when_it_is_signed_in_has_no_other_factor(
    session: Session, user: Any
) -> None:
    show(user, session)
    assert other_factor(session) == "totp"
    session.signed_in_at = None
    assert other_factor(session) == ""


@pytest.fixture
def shown_again(session: Session, user: Any) -> Session:
    """An authenticator app of long ago was shown once more in this session."""
    show(user, session)
    return session


@pytest.mark.parametrize(("method", "found"), [("password", "totp"), ("password+totp", "")])
def test_the_factor_of_the_sign_in_is_no_other_factor(method: str, found: str, shown_again: Session) -> None:
    shown_again.method = method
    assert other_factor(shown_again) == found


def test_the_owner_is_told_of_a_factor_at_once_and_only_once(
    shown_again: Session, user: Any, hastened: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert is_proven(user=user, session=shown_again, purpose=END_OLDER)
        assert is_proven(user=user, session=shown_again, purpose=END_OLDER)
    assert hastened == ["sessions_ui.tasks.sweep_deliveries"]
    assert Event.objects.filter(kind=Event.Kind.PROVEN).count() == 1


def test_the_owner_is_told_once_for_each_session(
    shown_again: Session, user: Any, browser: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """A thief who proves something in one session does not silence what is proven in another."""
    browser().force_login(user)
    other = Session.objects.of(user).latest("pk")
    show(user, other)
    for session in (shown_again, other, shown_again, other):
        assert is_proven(user=user, session=session, purpose=END_OLDER)
    told = Event.objects.filter(kind=Event.Kind.PROVEN).order_by("pk")
    assert list(told.values_list("session_id", flat=True)) == [shown_again.pk, other.pk]
    assert Delivery.objects.filter(event__in=told).count() == 2


def test_a_factor_and_what_the_owner_was_told_of_it_count_for_ten_minutes(
    shown_again: Session, user: Any
) -> None:
    shown = Event.objects.get(kind=Event.Kind.REAUTHENTICATED)

    def is_proven_after(seconds: float) -> bool:
        with time_machine.travel(shown.at + timedelta(seconds=seconds), tick=False):
            return is_proven(user=user, session=shown_again, purpose=END_OLDER)

    assert [is_proven_after(seconds) for seconds in (599, 600)] == [True, False]
    with time_machine.travel(shown.at + timedelta(seconds=900), tick=False):
        show(user, shown_again)
    assert is_proven_after(1200)
    assert Event.objects.filter(kind=Event.Kind.PROVEN).count() == 2, "told again"


@pytest.mark.parametrize(("step", "found"), [("sign_in", ""), ("reauthentication", "totp"), ("step_up", "")])
def test_only_what_was_shown_to_confirm_it_is_another_factor(
    step: str, found: str, session: Session, user: Any
) -> None:
    show(user, session)
    [shown] = Session.objects.get(pk=session.pk).authentication
    Session.objects.filter(pk=session.pk).update(authentication=[{**shown, "step": step}])
    assert other_factor(session) == found


def test_the_factor_of_the_sign_in_is_known_by_what_it_has_shown(session: Session, user: Any) -> None:
    """Its name has no more than 32 characters, and leaves steps out."""
    show(user, session)
    [shown] = Session.objects.get(pk=session.pk).authentication
    for method, found in (("passkey", "totp"), ("totp", "")):
        first = {**shown, "method": method, "step": "sign_in"}
        Session.objects.filter(pk=session.pk).update(authentication=[first, shown])
        assert other_factor(session) == found


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({}, "totp"),
        ({"method": "our_own_key"}, "our_own_key"),
        ({"since": None}, ""),
        ({"method": "our_own_key", "since": None}, ""),
        ({"method": ""}, ""),
        ({"method": "recovery_code"}, ""),
        ({"method": "code"}, ""),
        ({"method": "password"}, ""),
    ],
)
def test_a_factor_of_which_nobody_knows_since_when_it_is_there_is_none(
    data: dict[str, Any], found: str, session: Session, user: Any
) -> None:
    show(user, session, **data)
    assert other_factor(session) == found


@pytest.mark.parametrize(("seconds", "found"), [(0, "totp"), (1, "")])
def test_a_factor_that_was_set_up_after_the_sign_in_is_none(
    seconds: int, found: str, session: Session, user: Any
) -> None:
    Session.objects.update(signed_in_at=timezone.now() - timedelta(days=3))
    session.refresh_from_db()
    assert session.signed_in_at is not None
    show(user, session, since=session.signed_in_at + timedelta(seconds=seconds))
    assert other_factor(session) == found


def test_a_code_that_was_given_is_among_what_the_session_has_shown(session: Session, user: Any) -> None:
    check_code(user=user, session_id=session.pk, purpose=END_OLDER, code=code_for(user, session))
    [shown] = Session.objects.get(pk=session.pk).shown
    assert (shown.method, shown.step, shown.kinds) == ("code", "step_up", ())


def test_a_code_can_be_given_and_counts_for_ten_minutes_each(session: Session, user: Any) -> None:
    code = code_for(user, session)
    sent = VerificationCode.objects.get()
    assert sent.expires_at == sent.created_at + timedelta(minutes=10)

    def give(seconds: float) -> None:
        with time_machine.travel(sent.created_at + timedelta(seconds=seconds), tick=False):
            check_code(user=user, session_id=session.pk, purpose=END_OLDER, code=code)

    def counts(seconds: float) -> bool:
        with time_machine.travel(sent.created_at + timedelta(seconds=seconds), tick=False):
            return is_proven(user=user, session=session, purpose=END_OLDER)

    with pytest.raises(ProofRefused, match="code_over"):
        give(600)
    give(599)
    assert [counts(seconds) for seconds in (599, 1198, 1199)] == [True, True, False]
    with pytest.raises(ProofRefused, match="code_over"):
        give(599)


def test_codes_of_more_than_an_hour_ago_do_not_count(session: Session, user: Any) -> None:
    code_for(user, session)
    first = VerificationCode.objects.get()
    for number in range(4):
        VerificationCode.objects.create(
            user=user,
            session=session,
            purpose=END_OLDER,
            nonce=str(number),
            created_at=first.created_at,
            expires_at=first.created_at,
        )

    def ask(seconds: float) -> list[str]:
        with time_machine.travel(first.created_at + timedelta(seconds=seconds), tick=False):
            return send_code(user=user, session_id=session.pk, purpose=END_OLDER, again=True)

    with pytest.raises(ProofRefused, match="too_many"):
        ask(3599)
    assert ask(3600) == [user.email]


def test_a_guess_beside_the_fifth_one_gets_no_further_try(session: Session, user: Any) -> None:
    """Four of them come between looking for the code and counting this one."""
    code = code_for(user, session)
    with (
        just_before(
            "UPDATE .sessions_ui_verificationcode.", lambda: VerificationCode.objects.update(tries=5)
        ),
        pytest.raises(ProofRefused, match="code_over"),
    ):
        check_code(user=user, session_id=session.pk, purpose=END_OLDER, code=code)
    assert VerificationCode.objects.get().tries == 5
    assert not is_proven(user=user, session=session, purpose=END_OLDER)


def test_the_events_say_who_proved_what_where(session: Session, user: Any, hastened: list[str]) -> None:
    check_code(user=user, session_id=session.pk, purpose=END_OLDER, code=code_for(user, session))
    sent, proven = Event.objects.filter(kind__in=["code_sent", "proven"]).order_by("pk")
    for event in (sent, proven):
        assert (event.user_id, event.actor_id, event.session_id) == (user.pk, user.pk, session.pk)
    assert sent.data == {"proof": VerificationCode.objects.get().pk, "purpose": "end_older"}
    assert proven.data == {"proof": "mailed_code", "purpose": "end_older"}
    assert [delivery.event_id for delivery in Delivery.objects.all()] == [sent.pk]


def test_the_event_of_a_factor_says_who_proved_what_where(shown_again: Session, user: Any) -> None:
    assert is_proven(user=user, session=shown_again, purpose=CONFIRM)
    event = Event.objects.get(kind=Event.Kind.PROVEN)
    assert (event.user_id, event.actor_id, event.session_id) == (user.pk, user.pk, shown_again.pk)
    assert event.data == {"proof": "factor", "method": "totp", "purpose": "confirm"}
    assert [delivery.event_id for delivery in Delivery.objects.all()] == [event.pk]


def test_the_worker_is_asked_to_mail_a_code_now(
    session: Session, user: Any, hastened: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        code_for(user, session)
    assert hastened == ["sessions_ui.tasks.sweep_deliveries"]


def test_asking_for_a_code_writes_the_account_before_it_counts(session: Session, user: Any) -> None:
    """In a transaction of the host with an older snapshot a lock alone would let many count the same."""
    with CaptureQueriesContext(connection) as queries:
        send_code(user=user, session_id=session.pk, purpose=END_OLDER)
    said = [query["sql"] for query in queries]
    held = next(at for at, sql in enumerate(said) if re.match("UPDATE .sessions_ui_accountstate", sql))
    counted = next(
        at for at, sql in enumerate(said) if re.match("SELECT .*sessions_ui_verificationcode", sql)
    )
    assert held < counted


def test_a_code_is_asked_for_where_one_can_be_sent_or_was(
    user: Any, session: Session, browser: Any, settings: Any
) -> None:
    def can(session_id: int = session.pk, purpose: Any = END_OLDER) -> bool:
        return can_give_code(user=user, session_id=session_id, purpose=purpose)

    assert can(), "there is an address"
    code_for(user, session)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.nowhere"}
    assert can(), "it was sent to one that is gone"
    assert not can(session_id=session.pk + 1)
    assert not can(purpose=CONFIRM)


def nowhere(user: Any) -> list[tuple[str, Any]]:
    return []
