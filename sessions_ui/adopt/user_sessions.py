"""django-user-sessions: a table of its own with user, address and user agent."""

from __future__ import annotations

from typing import Any

from django.db import models

from sessions_ui.adopt.source import OldTable, Source


class UserSessionsSession(OldTable):
    # The user is read from the signed payload; its column is only a copy.
    user_agent = models.CharField(max_length=200, null=True)  # noqa: DJ001 - as that package made it
    last_activity = models.DateTimeField()
    ip = models.GenericIPAddressField(null=True)

    class Meta(OldTable.Meta):
        abstract = False
        db_table = "user_sessions_session"


class UserSessionsSource(Source):
    name = "user_sessions"
    table = UserSessionsSession

    def describe(self, row: Any) -> dict[str, Any]:
        return {"address": row.ip, "user_agent": row.user_agent or "", "seen_at": row.last_activity}


USER_SESSIONS = UserSessionsSource()
