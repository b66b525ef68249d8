"""Give the history to somebody as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from sessions_ui.actions.acting_session import verify_acting_session_without_lock
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.audit.export import Format, exported
from sessions_ui.audit.log import lines
from sessions_ui.models import Event

SEALED = "sealed"


def export_events(*, chosen: QuerySet[Event], how: Format, actor: Any, about: str = "") -> Iterator[str]:
    """Return the events as text, part by part; that they were given to somebody is an event, and is written first.

    `about` says what was chosen, for that event.
    """
    _note(str(how), actor, about)
    return exported(chosen, how)


def export_log(*, actor: Any, details: bool = False) -> Iterator[str]:
    """Return the sealed log as text, part by part. Raises `CutMeanwhile` while it is read."""
    _note(SEALED, actor, "with details" if details else "")
    return lines(details=details)


def _note(how: str, actor: Any, about: str) -> None:
    verify_acting_session_without_lock()
    events.append(Event.Kind.EXPORTED, actor_id=actor_of(actor).pk, data={"format": how}, text=about)
