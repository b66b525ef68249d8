"""Record that a credential of an account was added, changed or removed, and tell the owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connections, router

from sessions_ui import context, outbox
from sessions_ui.actions.endings.end import Receipt, own_session_of
from sessions_ui.actions.trusted_addresses import told_about
from sessions_ui.actor import actor_of, current_actor
from sessions_ui.audit import events
from sessions_ui.credentials import CredentialChange, CredentialKind
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import SessionEnded, TryAgain
from sessions_ui.models import AccountState, Act, Event, ServiceAccount, Session
from sessions_ui.protocols import HasPk


@atomically
def credential_changed(
    *,
    user: HasPk,
    kind: CredentialKind,
    change: CredentialChange,
    label: str = "",
    actor: HasPk | None = None,
    act: Act | None = None,
    tell: bool = True,
    about: Session | None = None,
    only_end: bool = False,
) -> Event:
    """Append the event of a changed credential, and tell the addresses that have long been the owner's; return it.

    For whatever keeps the credentials, in the transaction of the change, once a change. `label` is what the person
    knows it by (an address, a passkey's name); it is personal data, and goes to the event's erasable part. `actor` is
    whoever acts now, if it is left out. `act` is the one that ended sessions because of the change: the mail names
    them, and no second one does. `tell` is False where the caller tells of it. `about` is the session that the
    credential itself is (an access token); left out, the event names the one that acts. What acts in its place is
    in `data` then (`Event.told_session_id`). `only_end`: of an access token, all that has changed is when it ends.

    Several changes of one request make one mail. Nobody is told of an account that nobody has ever signed in to: it is
    being set up, unless it is a service account, of which whoever answers for it is told.
    """
    first = _first_change(user)
    own = own_session_of(user)
    waiting = outbox.join(first) if first is not None else set()
    event = events.append(
        Event.Kind.CREDENTIAL_CHANGED,
        user_id=user.pk,
        actor_id=(actor_of(actor) if actor is not None else current_actor()).pk,
        session_id=about.pk if about is not None else own,
        act=act,
        data={
            "credential": str(kind),
            "change": str(change),
            **({"in_session": own} if about is not None else {}),
            **({"only_end": True} if only_end else {}),
            **({"with": first} if waiting else {}),
        },
        text=label,
    )
    if tell and is_in_use(user):
        _tell(event, told_about(user), waiting)
    return event


def _tell(event: Event, receivers: list[str], waiting: set[str]) -> None:
    """Mail the change to these addresses, but for those to which a mail about the same request waits."""
    if event.act is not None:
        outbox.leave_out(event.act, event.user_id, receivers)
    outbox.enqueue_event(event, [address for address in receivers if address not in waiting])
    told = context.told_changes()
    if told is not None and receivers and not waiting:
        told[event.user_id] = event.pk


def _first_change(user: HasPk) -> int | None:
    """Return the event of the first change that this request has told of; None outside of one."""
    told = context.told_changes()
    return told.get(user.pk) if told is not None else None


def is_in_use(user: HasPk) -> bool:
    """Return whether anybody has ever signed in to this account, or answers for it."""
    if getattr(user, "last_login", None) is not None:
        return True
    states = AccountState.objects.using(router.db_for_write(AccountState)).filter(pk=user.pk)
    return states.filter(sign_ins__gt=0).exists() or ServiceAccount.is_one(user.pk)


def end_and_tell(end: Callable[[], Receipt], tell: Callable[[Act | None], Any]) -> Receipt:
    """End what the change ends, and tell of both, in one transaction; return what ended.

    Where the ending is refused, also because the session that asks has ended itself, the change has been saved all the
    same, and is told: unless it was in a transaction, which is taken back. Raises what `end` does.
    """
    try:
        return _end_and_tell(end, tell)
    except (TryAgain, SessionEnded):
        if not connections[router.db_for_write(Event)].in_atomic_block:
            tell(None)
        raise


@atomically
def _end_and_tell(end: Callable[[], Receipt], tell: Callable[[Act | None], Any]) -> Receipt:
    receipt = end()
    tell(receipt.act)
    return receipt
