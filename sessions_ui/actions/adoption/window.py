"""Decide for how long a key that is unknown here is looked up in the table of another engine."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connections, router
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min
from django.utils import timezone

from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.models import Session

# From `migrate` to the end of the switch, where ADOPT_UNTIL names no other moment: `adopt_sessions` comes within it.
FIRST_DAYS = timedelta(days=2)

# The heartbeat of `manage.py adopt_sessions`, once it has gone through the whole table.
ADOPTED = "adopt_sessions"

_migrated: dict[str, datetime | None] = {}


def adopting_from() -> str:
    """Return the source that an unknown key is looked up in now; empty for none.

    Where ADOPT_UNTIL is not set this costs one statement a process.
    """
    name = conf.adopt_from
    if not name:
        return ""
    given = conf.adopt_until
    until = moments.stored(given) if given else _end_of_first_days(router.db_for_write(Session))
    return name if until is not None and timezone.now() < until else ""


def _end_of_first_days(using: str) -> datetime | None:
    """Return when the first days after `migrate` end.

    None where nobody knows, because the tables were made without migrations.
    """
    if using not in _migrated:
        recorder = MigrationRecorder(connections[using])
        ours = recorder.migration_qs.filter(app=Session._meta.app_label)
        _migrated[using] = ours.aggregate(at=Min("applied"))["at"] if recorder.has_table() else None
    at = _migrated[using]
    return at + FIRST_DAYS if at is not None else None
