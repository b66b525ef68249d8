"""Where `migrate` was forgotten a command says so."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.management.commands.clearsessions import Command as ClearSessions
from django.core.management import CommandError, call_command, load_command_class
from django.core.management.base import BaseCommand
from django.db import ProgrammingError, connection
from django.db.migrations.recorder import MigrationRecorder

from sessions_ui.management import commands
from sessions_ui.management.migrated import MigratedCommand
from tests.models import Heartbeat

pytestmark = pytest.mark.django_db

WITHOUT_TABLES = {"seal_keys", "settings_reference", "update_places"}


def test_every_command_that_needs_our_tables_says_so() -> None:
    """`clearsessions` is Django's own."""
    names = {module.name for module in pkgutil.iter_modules(commands.__path__)} - WITHOUT_TABLES
    classes: dict[str, type[BaseCommand]] = {
        name: type(load_command_class("sessions_ui", name)) for name in names
    }
    assert classes.pop("clearsessions") is ClearSessions
    assert len(classes) >= 4
    assert [name for name, found in classes.items() if not issubclass(found, MigratedCommand)] == []


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if the last migration had not been applied, and made a table."""
    recorder = MigrationRecorder(connection)
    last = recorder.migration_qs.filter(app="sessions_ui").order_by("name").last()
    assert last is not None
    recorder.record_unapplied("sessions_ui", last.name)
    assert all(field.cached_col for field in Heartbeat._meta.fields), (
        "Django keeps the name of the table there"
    )
    monkeypatch.setattr(Heartbeat._meta, "db_table", "not_made_yet")
    yield
    recorder.record_applied("sessions_ui", last.name)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", [["deliver"], ["sessions", "health"]])
def test_a_forgotten_migration_is_one_line(command: list[str], forgotten: None) -> None:
    with pytest.raises(CommandError, match="are not up to date"):
        call_command(*command)


def test_another_fault_of_the_database_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ProgrammingError("something else")

    monkeypatch.setattr("sessions_ui.management.commands.deliver.deliver_all", refuse)
    with pytest.raises(ProgrammingError, match="something else"):
        call_command("deliver")
