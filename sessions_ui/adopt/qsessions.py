"""django-qsessions: as django-user-sessions, with the time of creation, and with copies in the payload."""

from __future__ import annotations

from typing import Any

from django.db import models

from sessions_ui.adopt.source import OldTable, Source


class QSession(OldTable):
    user_agent = models.CharField(max_length=300, null=True)  # noqa: DJ001 - as that package made it
    created_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    ip = models.GenericIPAddressField(null=True)

    class Meta(OldTable.Meta):
        abstract = False
        db_table = "qsessions_session"


class QSessionsSource(Source):
    name = "qsessions"
    table = QSession
    own_keys = frozenset({"_qsessions_ip", "_qsessions_user_agent"})

    def describe(self, row: Any) -> dict[str, Any]:
        # A sign-in rotates the key, and a new key is a new row there: its creation is the sign-in.
        return {
            "address": row.ip,
            "user_agent": row.user_agent or "",
            "signed_in_at": row.created_at,
            "seen_at": row.updated_at,
        }


QSESSIONS = QSessionsSource()
