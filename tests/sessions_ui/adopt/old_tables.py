"""The tables of other session engines.

allauth's by its own migration; the others' migrations import their models and so need their apps installed: these are
copies of Django 5.2, django-user-sessions 2.0.0 and django-qsessions 2.1.0, after their last migration.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

BASE = [
    ("session_key", models.CharField(max_length=40, primary_key=True, serialize=False)),
    ("session_data", models.TextField()),
    ("expire_date", models.DateTimeField(db_index=True)),
]


def user() -> models.ForeignKey:
    return models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE)


def operations(package: str) -> list[Any]:
    if package == "django":
        return [migrations.CreateModel("Session", BASE, {"db_table": "django_session"})]
    if package == "allauth":
        return import_module("allauth.usersessions.migrations.0001_initial").Migration.operations
    if package == "user_sessions":
        own = [
            ("user_agent", models.CharField(max_length=200, null=True, blank=True)),
            ("last_activity", models.DateTimeField(auto_now=True)),
            ("ip", models.GenericIPAddressField(null=True, blank=True)),
        ]
    else:
        own = [
            ("user_agent", models.CharField(max_length=300, null=True, blank=True)),
            ("created_at", models.DateTimeField(null=True)),
            ("updated_at", models.DateTimeField(auto_now=True)),
            ("ip", models.GenericIPAddressField(null=True, blank=True)),
        ]
    return [migrations.CreateModel("Session", [*BASE, *own, ("user", user())])]


LABELS = {
    "django": "sessions",
    "allauth": "usersessions",
    "user_sessions": "user_sessions",
    "qsessions": "qsessions",
}


@contextmanager
def old_tables(*packages: str) -> Iterator[None]:
    """The tables of these packages, dropped at the end. Outside of a transaction: SQLite insists."""
    made = []
    for package in packages:
        before = ProjectState.from_apps(apps)
        for operation in operations(package):
            after = before.clone()
            operation.state_forwards(LABELS[package], after)
            with connection.schema_editor() as editor:
                operation.database_forwards(LABELS[package], editor, before, after)
            made.append((operation, LABELS[package], before, after))
            before = after
    yield
    for operation, label, before, after in reversed(made):
        with connection.schema_editor() as editor:
            operation.database_backwards(label, editor, after, before)
