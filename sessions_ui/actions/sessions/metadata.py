"""What a program of the host project keeps with a session: small, and about the session, not about the person."""

from __future__ import annotations

import math
from collections.abc import Mapping

from django.db import router

from sessions_ui import context
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import SessionEnded
from sessions_ui.models import EndReason, Event, Session
from sessions_ui.models.locking import locked
from sessions_ui.protocols import HasPk

Value = str | int | float | bool | None
MOST_NAMES, LONGEST_NAME, LONGEST = 20, 40, 500  # names, characters of a name, and of a text
LARGEST = 2**53  # beyond that not every program reads the same number (RFC 7493, 2.2)


@atomically
def set_metadata(*, session: Session, metadata: Mapping[str, Value], actor: HasPk | None = None) -> None:
    """Keep these values with the session, in place of those that were there; an empty mapping takes them away.

    A change is an event, with the names and without the values.

    At most 20 names of up to 40 characters, with texts of up to 500 characters, numbers, booleans and None.
    Administrators see them, and so does whoever is told of the end of the session (docs/webhooks.md). They stay as they
    are once it has ended. Raises `ValueError` for what is more than that, `SessionEnded` where it, or the session that
    asks, has ended, `TryAgain`, `OutcomeUnknown` or `NotTheOwner` as `end_sessions()` does.
    """
    verify_small(metadata)
    context.require_owner()
    if session.user_id is None:
        raise SessionEnded("")
    hold_acting_session(session.user_id)
    rows = Session.objects.using(router.db_for_write(Session)).filter(pk=session.pk)
    row = locked(rows.filter(user_id=session.user_id).living().only("metadata", "user", "device")).first()
    if row is None:
        over = rows.with_containment().first()
        raise SessionEnded(EndReason(over.why_over) if over and over.why_over else "")
    kept = dict(metadata) or None
    if row.metadata == kept:
        return
    rows.update(metadata=kept)
    events.append(
        Event.Kind.METADATA_CHANGED,
        user_id=row.user_id,
        actor_id=actor_of(actor).pk,
        session_id=row.pk,
        device_id=row.device_id,
        data={"names": sorted(metadata)},
    )


def verify_small(metadata: Mapping[str, Value]) -> None:
    """Raise `ValueError` for metadata that are not small, or are more than names and values."""
    if len(metadata) > MOST_NAMES:
        raise ValueError(f"at most {MOST_NAMES} names")
    for name, value in metadata.items():
        if not name or len(name) > LONGEST_NAME:
            raise ValueError(f"a name has up to {LONGEST_NAME} characters")
        if not _is_small(value):
            raise ValueError(f"a value is a text of up to {LONGEST} characters, a number, a boolean or null")


def _is_small(value: Value) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST
    if isinstance(value, int):
        return abs(value) <= LARGEST  # one of 400 digits is no float that could be asked whether it is finite
    if isinstance(value, float):
        return math.isfinite(value) and abs(value) <= LARGEST
    return value is None
