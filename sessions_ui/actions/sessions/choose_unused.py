"""Choose after how long what is not used is signed out."""

from __future__ import annotations

from sessions_ui import context
from sessions_ui.actions.account_lock import write_states
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.conf.endings import UNUSED_MONTHS
from sessions_ui.database.transactions import atomically
from sessions_ui.models import AccountState, Event, Session
from sessions_ui.protocols import HasPk


@atomically
def choose_unused(*, user: HasPk, months: int, actor: HasPk) -> bool:
    """Have what this user does not use for so many months signed out; return whether that is another choice than
    before.

    `months`: 3, 6, 12, or 0 for never. Nothing ends at once: a mail comes first (`endings/unused.py`), also for what
    was told of under another choice. The caller checks whose account it is. Raises `ValueError` for any other number,
    `TryAgain`, `OutcomeUnknown` or `SessionEnded` as `end_sessions()` does, and `NotTheOwner` where staff uses an
    account.
    """
    if months not in UNUSED_MONTHS:
        raise ValueError(f"one of {UNUSED_MONTHS}, not {months}")
    context.require_owner()
    hold_acting_session(user.pk)
    before = AccountState.objects.filter(pk=user.pk).values_list("unused_months", flat=True).first()
    if before == months:
        return False
    write_states([user.pk], unused_months=months)
    told = Session.objects.filter(user_id=user.pk, unused_told_at__isnull=False, ended_at__isnull=True)
    told.update(unused_told_at=None)
    events.append(
        Event.Kind.UNUSED_CHOSEN,
        user_id=user.pk,
        actor_id=actor_of(actor).pk,
        data={"from": before, "to": months},
    )
    return True
