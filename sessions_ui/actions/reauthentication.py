"""Confirming who it is, in the middle of a session: written down, and wrong tries counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sessions_ui import events
from sessions_ui.models import Event


def note_reauthentication(*, user: Any, session_id: int | None, succeeded: bool, method: str = "") -> Event:
    """One event. `method` is a word of `Session.method`; where it failed, what was tried."""
    kind = Event.Kind.REAUTHENTICATED if succeeded else Event.Kind.REAUTHENTICATION_FAILED
    data = {"method": method} if method else {}
    return events.append(kind, user_id=user.pk, actor_id=user.pk, session_id=session_id, data=data)


def failed_reauthentications(*, session_id: int, since: datetime) -> int:
    """How many tries of this session (its primary key) failed since then.

    By session, not by user: else whoever holds a stolen one could keep the owner from signing it out.
    """
    failed = Event.objects.filter(session_id=session_id, kind=Event.Kind.REAUTHENTICATION_FAILED)
    return failed.filter(at__gte=since).count()
