"""Record that people confirmed who they are in the middle of a session, and count wrong tries."""

from __future__ import annotations

from datetime import datetime

from sessions_ui.audit import events
from sessions_ui.database import moments
from sessions_ui.models import Event
from sessions_ui.protocols import HasPk


def note_reauthentication(
    *, user: HasPk, session_id: int | None, succeeded: bool, method: str = "", since: datetime | None = None
) -> Event:
    """Record that the user confirmed who they are in this session, or failed to; return the event.

    `session_id` is the primary key of the session (`request.session.session_id`). `method` is a word of
    `Session.method`; where it failed, what was tried. `since` is when a second factor was set up, where that is known;
    it is a further proof (docs/risk.md, "Signing out older devices") only if it was there before the sign-in.
    """
    kind = Event.Kind.REAUTHENTICATED if succeeded else Event.Kind.REAUTHENTICATION_FAILED
    data = {"method": method} if method else {}
    if since is not None:
        data["since"] = moments.aware(since).isoformat()
    return events.append(kind, user_id=user.pk, actor_id=user.pk, session_id=session_id, data=data)


def failed_reauthentications(*, user: HasPk, session_id: int, since: datetime) -> int:
    """Return how many tries of this session (its primary key) of `user` failed since then.

    They are counted by session, not by user alone: otherwise whoever holds a stolen one could keep the owner from
    signing it out.
    """
    failed = Event.objects.filter(
        user_id=user.pk, session_id=session_id, kind=Event.Kind.REAUTHENTICATION_FAILED
    )
    return failed.filter(at__gte=since).count()
