"""Accept a further proof of who somebody is.

It is a code mailed to addresses that have long been the owner's, or a factor other than the sign-in's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connections, router
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from sessions_ui import outbox
from sessions_ui.actions.account_lock import lock_users, write_states
from sessions_ui.actions.one_time_codes import RESEND_AFTER, TRIES, Answer, CodeUnderWay, mail_code, try_code
from sessions_ui.actions.step_up.factors import append_shown, is_of_sign_in, proves, shown_in
from sessions_ui.actions.step_up.pace import asker, verify_pace
from sessions_ui.actions.trusted_addresses import told_addresses, trusted_addresses
from sessions_ui.actor import actor_of
from sessions_ui.assurance import MAILED_CODE, Authentication, Step
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import ProofRefusal, ProofRefused
from sessions_ui.models import Event, Session, VerificationCode
from sessions_ui.models.codes import new_nonce
from sessions_ui.models.locking import as_they_are_now
from sessions_ui.protocols import HasPk


def can_send_code(user: Any) -> bool:
    """Return whether there is an address to which a code for this account may go."""
    return bool(trusted_addresses(user))


def can_give_code(*, user: Any, session_id: int, purpose: VerificationCode.Purpose) -> bool:
    """Return whether it makes sense to ask this session for a code: one can be sent, or is under way."""
    return can_send_code(user) or open_code(user, session_id, purpose, timezone.now()) is not None


def is_code_held_up(user: Any) -> bool:
    """Return whether the mail with the last code could not be sent so far."""
    return outbox.is_held_up(user_id=user.pk, kind=Event.Kind.CODE_SENT)


@atomically
def send_code(
    *, user: Any, session_id: int, purpose: VerificationCode.Purpose, again: bool = False
) -> list[str]:
    """Mail a code for this purpose in this session; return the addresses it goes to, none where none was mailed now.

    One that is still good is not replaced, unless `again` asks for it a minute later. Raises `ProofRefused`:
    `no_address`, or `too_many` codes (`pace.py`).
    """
    using = router.db_for_write(VerificationCode)
    lock_users([user.pk])
    write_states([user.pk])  # a lock alone stops nobody whose snapshot is older than it
    now = timezone.now()
    receivers = trusted_addresses(user)
    if not receivers:
        raise ProofRefused(ProofRefusal.NO_ADDRESS)
    last = open_code(user, session_id, purpose, now)
    if last is not None and (not again or last.created_at > now - RESEND_AFTER):
        return []
    asked_by = asker(user, session_id)
    verify_pace(user=user, session_id=session_id, asked_by=asked_by, now=now)
    proof = VerificationCode.objects.using(using).create(
        user_id=user.pk,
        session_id=session_id,
        purpose=purpose,
        nonce=new_nonce(),
        asked_by=asked_by,
        created_at=now,
        expires_at=now + conf.proof_age,
    )
    event = events.append(
        Event.Kind.CODE_SENT,
        user_id=user.pk,
        actor_id=actor_of(user).pk,
        session_id=session_id,
        data={"proof": proof.pk, "purpose": str(purpose)},
    )
    mail_code(event, receivers)
    return receivers


@sensitive_variables("code", "given")
def check_code(*, user: Any, session_id: int, purpose: VerificationCode.Purpose, code: str) -> None:
    """Accept the code if it is the right one.

    Raises `ProofRefused`: `wrong_code`, or `code_over` after five tries or when it is too old.
    """
    now = timezone.now()
    proof = open_code(user, session_id, purpose, now)
    if proof is None:
        raise ProofRefused(ProofRefusal.CODE_OVER)
    answer = try_code(proof, code)
    if answer is not Answer.RIGHT:
        raise ProofRefused(ProofRefusal(answer))
    _accept(user, proof)


@atomically
def _accept(user: Any, proof: VerificationCode) -> None:
    lock_users([user.pk])  # before the session, like whoever ends one
    if not VerificationCode.objects.filter(pk=proof.pk, given_at__isnull=True).update(
        given_at=timezone.now()
    ):
        raise ProofRefused(ProofRefusal.CODE_OVER)
    events.append(
        Event.Kind.PROVEN,
        user_id=proof.user_id,
        actor_id=actor_of(user).pk,
        session_id=proof.session_id,
        data={"proof": "mailed_code", "purpose": str(proof.purpose)},
    )
    shown = Authentication.of(MAILED_CODE, at=moments.aware(timezone.now()), step=Step.STEP_UP)
    append_shown(user=user, session_id=proof.session_id, shown=shown)


def is_proven(*, user: Any, session: Session, purpose: VerificationCode.Purpose) -> bool:
    """Return whether this session has shown, within `PROOF_AGE`, what a thief of its sign-in does not have.

    The owner has had a mail then: with the code, or now because of the factor.
    """
    if has_given_code(user=user, session=session, purpose=purpose):
        return True
    method = other_factor(session)
    if not method:
        return False
    since = timezone.now() - conf.proof_age
    _tell_of_factor(user=user, session=session, method=method, purpose=purpose, since=since)
    return True


def has_given_code(*, user: HasPk, session: Session, purpose: VerificationCode.Purpose) -> bool:
    """Return whether this session has given a mailed code for this purpose within `PROOF_AGE`."""
    codes = VerificationCode.objects.filter(user_id=user.pk, session_id=session.pk, purpose=purpose)
    return codes.filter(given_at__gt=timezone.now() - conf.proof_age).exists()


@atomically
def _tell_of_factor(
    *, user: Any, session: Session, method: str, purpose: VerificationCode.Purpose, since: datetime
) -> None:
    """Tell the owner that the factor was a proof, once for each session and `PROOF_AGE`."""
    lock_users([user.pk])
    told = Event.objects.filter(user_id=user.pk, session_id=session.pk, kind=Event.Kind.PROVEN)
    if told.filter(at__gt=since).exists():
        return
    event = events.append(
        Event.Kind.PROVEN,
        user_id=user.pk,
        actor_id=actor_of(user).pk,
        session_id=session.pk,
        data={"proof": "factor", "method": method, "purpose": str(purpose)},
    )
    outbox.enqueue_event(event, told_addresses(user))


def other_factor(session: Session) -> str:
    """Return the second factor that was shown in this session within `PROOF_AGE`; empty where there is none.

    It is none like those that the sign-in used, and a thief cannot have added it (`proves()`).
    """
    signed_in_at = session.signed_in_at
    if signed_in_at is None:
        return ""
    since, shown = timezone.now() - conf.proof_age, shown_in(session.pk)
    for one in reversed(shown):
        lately = one.step is Step.REAUTHENTICATION and moments.stored(one.at) > since
        if lately and proves(one, signed_in_at) and not is_of_sign_in(one.method, session, shown):
            return one.method
    return ""


def code_under_way(*, user: Any, session_id: int, purpose: VerificationCode.Purpose) -> CodeUnderWay | None:
    """Return what a page says of the code that can still be given; None where there is none."""
    code = open_code(user, session_id, purpose, timezone.now())
    return None if code is None else CodeUnderWay(code.created_at, code.expires_at, TRIES - code.tries)


def open_code(
    user: Any, session_id: int, purpose: VerificationCode.Purpose, now: datetime
) -> VerificationCode | None:
    """Return the newest code, if it can still be given."""
    rows = VerificationCode.objects.using(router.db_for_write(VerificationCode)).filter(
        user_id=user.pk, session_id=session_id, purpose=purpose
    )
    if connections[rows.db].in_atomic_block:
        rows = as_they_are_now(rows)
    newest = rows.order_by("-pk").first()
    if newest is None or newest.given_at is not None or newest.tries >= TRIES or newest.expires_at <= now:
        return None
    return newest
