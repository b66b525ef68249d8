"""Django's own engines `db` and `cached_db`: one table, which `cached_db` only caches."""

from __future__ import annotations

from sessions_ui.adopt.source import OldTable, Source


class DjangoSession(OldTable):
    class Meta(OldTable.Meta):
        abstract = False
        db_table = "django_session"


class DjangoSource(Source):
    name = "db"
    table = DjangoSession


DB = DjangoSource()
