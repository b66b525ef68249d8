"""Record that a credential of an account was added, changed or removed."""

from __future__ import annotations

from sessions_ui.actions.endings.end import own_session_of
from sessions_ui.actor import actor_of, current_actor
from sessions_ui.audit import events
from sessions_ui.credentials import CredentialChange, CredentialKind
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Event
from sessions_ui.protocols import HasPk


@atomically
def credential_changed(
    *,
    user: HasPk,
    kind: CredentialKind,
    change: CredentialChange,
    label: str = "",
    actor: HasPk | None = None,
) -> Event:
    """Append the event of a changed credential, whether or not a session ends because of it; return it.

    For whatever keeps the credentials, in the transaction of the change. `label` is what the person knows it by (an
    address, a passkey's name); it is personal data, and goes to the event's erasable part. `actor` is whoever acts now,
    if it is left out.
    """
    return events.append(
        Event.Kind.CREDENTIAL_CHANGED,
        user_id=user.pk,
        actor_id=(actor_of(actor) if actor is not None else current_actor()).pk,
        session_id=own_session_of(user),
        data={"credential": str(kind), "change": str(change)},
        text=label,
    )
