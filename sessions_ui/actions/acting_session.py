"""Find out, under the account's lock, whether the session that acts still lives.

A request is let in when it begins, and may wait for the lock of the account while somebody ends its session. So
whatever it decides asks again there: of a change and an ending one comes first, and an ending that came first is final.
"""

from __future__ import annotations

from typing import Any

from django.db import router

from sessions_ui import context
from sessions_ui.actions.account_lock import lock_users, write_states
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import SessionEnded
from sessions_ui.models import EndReason, Session
from sessions_ui.models.locking import locked
from sessions_ui.models.session import SessionQuerySet


@atomically
def hold_acting_session(user_pk: Any) -> Session | None:
    """Hold the account with this primary key, and return the session that acts, with its device, as it is then; None
    where no session acts.

    The account is held until the transaction is over, so what is decided there is in force before anybody ends the
    session, or is not done. Without a transaction of the caller it is held for this moment only. Its state is written,
    because at a stricter isolation level, and between the nodes of a cluster, a lock without a write stops nobody.
    Raises `SessionEnded` where the session has ended, `TryAgain` as `end_sessions()` does.
    """
    lock_users([user_pk])
    write_states([user_pk])
    now = context.current()
    return None if now is None else _living(now)


def verify_acting_session() -> None:
    """Raise `SessionEnded` where the session that asks has ended while it waited for the lock, which the caller has.

    Of two sessions that sign each other out at the same moment the first one succeeds. This is checked once a request,
    because a request may end its own session and go on.
    """
    now = context.current()
    if now is not None and not now.is_verified and _living(now) is not None:
        now.is_verified = True


def verify_acting_session_without_lock() -> None:
    """Raise `SessionEnded` where the session that asks has ended since its request began.

    For what is about no account of its own, such as an incident, an endpoint or a file that is handed out: nothing is
    locked, because what was decided at the very moment of the ending was decided before it.
    """
    now = context.current()
    if now is None or now.is_verified or (own := now.session_id) is None:
        return
    rows = Session.objects.using(router.db_for_write(Session)).filter(pk=own)
    if not _not_ended(rows).exists():
        raise _ended(rows)


def _living(now: context.Acting) -> Session | None:
    if (own := now.session_id) is None:
        return None
    rows = Session.objects.using(router.db_for_write(Session)).filter(pk=own)
    row = locked(_not_ended(rows).select_related("device").defer("payload")).first()
    if row is None:
        raise _ended(rows)
    return row


def _not_ended(rows: SessionQuerySet) -> SessionQuerySet:
    """Leave out what is over. What an incident has ended is, whatever its row still says."""
    return rows.filter(ended_at__isnull=True).uncontained()


def _ended(rows: SessionQuerySet) -> SessionEnded:
    reason = rows.values_list("end_reason", flat=True).first()
    return SessionEnded(EndReason(reason or EndReason.INCIDENT) if reason is not None else "")
