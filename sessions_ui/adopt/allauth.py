"""Django's table, described by `allauth.usersessions`: address, user agent and times by session key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import models

from sessions_ui.adopt.db import DjangoSession
from sessions_ui.adopt.source import APP_LABEL, OLD_TABLES, OldSession, Source


class UserSession(models.Model):
    session_key = models.CharField(max_length=40, unique=True)
    ip = models.GenericIPAddressField()
    user_agent = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        apps = OLD_TABLES
        app_label = APP_LABEL
        managed = False
        db_table = "usersessions_usersession"

    def __str__(self) -> str:
        return "a session that allauth lists"


class AllauthSource(Source):
    name = "allauth"
    table = DjangoSession

    @property
    def tables(self) -> frozenset[str]:
        return super().tables | {UserSession._meta.db_table}

    def complete(self, rows: Sequence[Any], using: str) -> list[OldSession]:
        """Add what allauth knows of these rows. Sessions that it has not listed (anonymous ones, sign-ins past it) stay
        undescribed."""
        found = UserSession._base_manager.using(using).filter(
            session_key__in=[row.session_key for row in rows]
        )
        listed = {row.session_key: row for row in found}
        return [self._described(old, listed.get(old.key)) for old in super().complete(rows, using)]

    @staticmethod
    def _described(old: OldSession, row: UserSession | None) -> OldSession:
        if row is None:
            return old
        return replace(
            old,
            address=row.ip,
            user_agent=row.user_agent,
            signed_in_at=row.created_at,
            seen_at=row.last_seen_at,
        )


ALLAUTH = AllauthSource()
