"""A mailed code proves what it was mailed for, in the session it was mailed for, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from sessions_ui import models
from sessions_ui.actions.proof import check_code, is_proven, other_factor, send_code
from sessions_ui.exceptions import ProofRefused
from tests.models import Event, Proof, Session

pytestmark = pytest.mark.django_db

END_OLDER, CONFIRM = Proof.Purpose.END_OLDER, Proof.Purpose.CONFIRM


@pytest.fixture
def session(user: Any, browser: Any) -> Session:
    browser().force_login(user)
    return Session.objects.of(user).get()


def code_for(user: Any, session: Session, purpose: Proof.Purpose = END_OLDER) -> str:
    send_code(user=user, session_id=session.pk, purpose=purpose)
    return Proof.objects.get(user=user, session=session, purpose=purpose).code()


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
    assert Proof.objects.get().given_at is None
    assert not is_proven(user=user, session=session, purpose=END_OLDER)


def test_one_right_code_proves_nothing_of_any_other_user_session_or_purpose(
    others: list[tuple[Any, Session, Any]], session: Session, user: Any
) -> None:
    before = list(Proof.objects.order_by("pk").values())
    check_code(user=user, session_id=session.pk, purpose=END_OLDER, code=code_for(user, session))
    assert is_proven(user=user, session=session, purpose=END_OLDER)
    for whose, where, purpose in others:
        assert not is_proven(user=whose, session=where, purpose=purpose)
    assert list(Proof.objects.order_by("pk").values()[: len(before)]) == before
    event = Event.objects.get(kind=Event.Kind.PROVEN)
    assert (event.user_id, event.session_id) == (user.pk, session.pk)


def test_a_wrong_code_uses_up_no_try_of_any_other(
    others: list[tuple[Any, Session, Any]], session: Session, user: Any
) -> None:
    before = list(Proof.objects.order_by("pk").values())
    wrong = f"{(int(code_for(user, session)) + 1) % 10**6:06d}"
    with pytest.raises(ProofRefused, match="wrong_code"):
        check_code(user=user, session_id=session.pk, purpose=END_OLDER, code=wrong)
    assert list(Proof.objects.order_by("pk").values()[: len(before)]) == before
    assert Proof.objects.latest("pk").tries == 1


def test_a_code_that_two_requests_give_at_the_same_moment_counts_once(
    session: Session, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other request comes between looking for the code and marking it given."""
    code = code_for(user, session)
    give = {"user": user, "session_id": session.pk, "purpose": END_OLDER, "code": code}
    right = models.Proof.code

    def beside(proof: Proof, **options: Any) -> str:
        monkeypatch.setattr(models.Proof, "code", right)
        check_code(**give)
        return right(proof, **options)

    monkeypatch.setattr(models.Proof, "code", beside)
    with pytest.raises(ProofRefused, match="code_over"):
        check_code(**give)
    assert Event.objects.filter(kind=Event.Kind.PROVEN).count() == 1


def test_a_session_of_which_nobody_knows_since_when_it_is_signed_in_has_no_other_factor(
    session: Session, user: Any
) -> None:
    Event.objects.create(
        kind=Event.Kind.REAUTHENTICATED,
        user=user,
        session=session,
        data={"method": "totp", "since": (timezone.now() - timedelta(days=60)).isoformat()},
    )
    assert other_factor(session) == "totp"
    session.signed_in_at = None
    assert other_factor(session) == ""


@pytest.fixture
def shown_again(session: Session, user: Any) -> Session:
    """An authenticator app of long ago was shown once more in this session."""
    Event.objects.create(
        kind=Event.Kind.REAUTHENTICATED,
        user=user,
        session=session,
        data={"method": "totp", "since": (timezone.now() - timedelta(days=60)).isoformat()},
    )
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
