"""What follows from a changed e-mail address: the old address is told, and sessions end."""

from __future__ import annotations

from typing import Any

from sessions_ui import outbox
from sessions_ui.actions.endings.end import Receipt, end_user_sessions, own_session_of
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Act, EndReason, Event


@atomically
def email_changed(*, user: Any, old: str, actor: Any = None) -> Receipt:
    """Tell the old address about the change, and end the sessions that `EMAIL_CHANGE_ENDS` names.

    The old address is the only one that a thief of the account does not have. "others" spares the session that made the
    change. `user` has the new address already. All of it is one transaction; the mail to the old address goes out even
    if nothing ends.
    """
    ends = conf.email_change_ends
    receipt = Receipt(act=None, ended=0, already_ended=0)
    if ends != "nothing":
        keep = own_session_of(user) if ends == "others" else None
        receipt = end_user_sessions(user=user, reason=EndReason.EMAIL_CHANGED, actor=actor, keep=keep)
    tell_old_address(user=user, old=old, actor=actor, act=receipt.act)
    return receipt


@atomically
def tell_old_address(*, user: Any, old: str, actor: Any = None, act: Act | None = None) -> None:
    """Append the event and the mail to the old address, whatever became of the sessions.

    This does not wait for whoever holds the account. `act` is the one that ended sessions because of the change.
    """
    event = events.append(
        Event.Kind.EMAIL_CHANGED, user_id=user.pk, actor_id=actor_of(actor).pk, act=act, text=old
    )
    outbox.enqueue_event(event, [old] if old else [])
