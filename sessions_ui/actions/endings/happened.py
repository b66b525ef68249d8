"""Since when something should not have been signed in: trust may end before anybody reports it.

A leaver was last at work on Friday, a laptop was lost on the train this morning. What its sessions lived after that is
persistence debt (`metrics/debt.py`), so each session keeps since when it was not trusted any more, and the act that
said so. Of two reports the one with the earlier moment stays.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from sessions_ui.audit import events
from sessions_ui.database import moments
from sessions_ui.exceptions import NotYetHappened
from sessions_ui.models import Act, Event
from sessions_ui.models.session import SessionQuerySet


def verify_happened(happened_at: datetime | None) -> datetime | None:
    """Return the moment as the rows hold it; None where none was given.

    Raises `NotYetHappened` for one in the future, `ValueError` for one without a time zone, unless the project goes
    without `USE_TZ`, and `OutOfRange` for one that nobody can have meant.
    """
    if happened_at is None:
        return None
    happened_at = moments.stated(happened_at, "happened_at")
    if happened_at > timezone.now():
        raise NotYetHappened
    return happened_at


def untrusted(act: Act) -> dict[str, Any]:
    """Return what `update()` writes to sessions that were not to be trusted since `act.happened_at`; nothing where the
    act says nothing of that.

    The act comes first: MariaDB assigns from left to right, and reads what it has just assigned.
    """
    if act.happened_at is None:
        return {}
    since = Value(act.happened_at, models.DateTimeField())
    said_earlier = When(untrusted_since__lt=act.happened_at, then=F("untrusted_act_id"))
    return {
        "untrusted_act_id": Case(said_earlier, default=Value(act.pk, models.UUIDField())),
        "untrusted_since": Least(Coalesce(F("untrusted_since"), since), since),
    }


def mark_untrusted(act: Act, sessions: SessionQuerySet) -> int:
    """Mark those of these sessions that lived on after `act.happened_at`; return how many.

    Those of which an earlier moment is known stay as they are, and those that `act` itself has ended are marked already
    (`end.py`). One statement. A session that has ended stays as it is but for this.
    """
    lived_on = Q(ended_at__isnull=True) | Q(ended_at__gt=act.happened_at)
    said_later = Q(untrusted_since__isnull=True) | Q(untrusted_since__gt=act.happened_at)
    chosen = sessions.filter(lived_on, said_later, expires_at__gt=act.happened_at)
    return chosen.exclude(act_id=act.pk).update(**untrusted(act))


def note_report(act: Act, user_id: Any) -> None:
    """Append the event that says since when this account, or something of it, was not to be trusted.

    It names the act only where that was kept: it has ended something, or something had lived on.
    """
    assert act.happened_at is not None
    ticket = {"ticket": act.ticket} if act.ticket else {}
    events.append(
        Event.Kind.TRUST_ENDED,
        at=act.at,
        user_id=user_id,
        actor_id=act.actor_id,
        act=None if act._state.adding else act,
        reason=act.reason,
        data={"happened_at": moments.aware(act.happened_at).isoformat(), **ticket},
    )
