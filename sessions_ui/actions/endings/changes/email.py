"""What follows from a changed e-mail address: the old address is told, and sessions end."""

from __future__ import annotations

from copy import copy
from typing import Any

from sessions_ui import outbox
from sessions_ui.actions.credentials.changed import credential_changed
from sessions_ui.actions.endings.end import Receipt, end_user_sessions, own_session_of
from sessions_ui.actions.help_desk.find_user import address_of
from sessions_ui.actions.step_up.acting import is_surely_owner
from sessions_ui.actions.trusted_addresses import recovers_by, told_about
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.credentials import CredentialChange, CredentialKind, ToldOnly
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Act, EndReason, Event
from sessions_ui.user_model import email_field_name


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
    """Append the events, and mail the old address and those that are the owner's for long, whatever became of the
    sessions.

    This does not wait for whoever holds the account. `act` is the one that ended sessions because of the change. Whom
    another change of the same request is told already gets no second mail.
    """
    new = address_of(user)
    change = credential_changed(
        user=user,
        kind=CredentialKind.ADDRESS,
        change=kind_of_change(old, new),
        label=new or old,
        actor=actor,
        act=act,
        tell=False,
    )
    event = events.append(
        Event.Kind.EMAIL_CHANGED,
        user_id=user.pk,
        actor_id=actor_of(actor).pk,
        session_id=own_session_of(user),
        act=act,
        data={"by_owner": is_surely_owner(user=user)},
        text=old,
    )
    told = outbox.join(change.data["with"]) if "with" in change.data else set()
    former = old if recovers_by(user, old) else ToldOnly(old)
    receivers = [address for address in addresses_before(user, former) if address not in told]
    if act is not None:
        outbox.leave_out(act, user.pk, [*receivers, *told])
    outbox.enqueue_event(event, receivers)


def addresses_before(user: Any, old: str) -> list[str]:
    """Return the old address, and those that are told what happens to the account, as they were before the change."""
    former = copy(user)
    if (field := email_field_name()) is not None:
        setattr(former, field, old)
    first: dict[str, str] = {}
    for address in filter(None, (old, *told_about(former))):
        first.setdefault(address.casefold(), address)
    return list(first.values())


def kind_of_change(old: str, new: str) -> CredentialChange:
    if not old:
        return CredentialChange.ADDED
    return CredentialChange.CHANGED if new else CredentialChange.REMOVED
