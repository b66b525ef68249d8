"""The users live in a database of their own."""

from __future__ import annotations

from typing import Any

ELSEWHERE = {"users", "auth", "contenttypes"}


class UsersElsewhere:
    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "users" if model._meta.app_label in ELSEWHERE else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return (db == "users") == (app_label in ELSEWHERE)


class OurSessionsElsewhere:
    """The sessions of a whole site are in a database of their own."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "default" if model._meta.app_label == "sessions_ui" else "users"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return (db == "default") == (app_label == "sessions_ui")
