"""The timestamps of many rows are read in C, and are the same."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_ui.database.timestamps import TIMESTAMPTZ, quick_timestamps
from tests.models import Session

pytestmark = pytest.mark.django_db

# Where Django has a loader of its own.
on_postgresql = pytest.mark.databases("postgresql")


def seen() -> list[Any]:
    return list(Session.objects.order_by("pk").values_list("signed_in_at", "last_seen_at", "ended_at"))


def test_what_is_read_is_the_same(browser: Any, user: Any) -> None:
    for _ in range(3):
        browser().sign_in(user)
    expected = seen()
    with quick_timestamps(connection.alias), CaptureQueriesContext(connection) as statements:
        assert seen() == expected
    assert len(statements) == 1 and len(expected) == 3
    if settings.USE_TZ:
        assert expected[0][0].utcoffset() == timedelta(0)


@on_postgresql
def test_djangos_loader_reads_nothing_there_and_everything_afterwards(
    browser: Any, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db.backends.postgresql.psycopg_any import BaseTzLoader

    read: list[Any] = []
    load = BaseTzLoader.load

    def counted(self: Any, data: Any) -> Any:
        read.append(data)
        return load(self, data)

    monkeypatch.setattr(BaseTzLoader, "load", counted)
    browser().sign_in(user)
    seen()
    assert len(read) >= 2
    read.clear()
    with quick_timestamps(connection.alias):
        seen()
        assert read == []
    seen()
    assert len(read) >= 2


@on_postgresql
def test_a_loader_of_the_host_stays(browser: Any, user: Any) -> None:
    from psycopg.types.datetime import TimestamptzLoader

    class Theirs(TimestamptzLoader):
        timezone = UTC

        def load(self, data: Any) -> Any:
            return "theirs"

    browser().sign_in(user)
    adapters = connection.connection.adapters
    own = adapters.get_loader(TIMESTAMPTZ, 0)
    adapters.register_loader(TIMESTAMPTZ, Theirs)
    try:
        with quick_timestamps(connection.alias):
            assert seen()[0][0] == "theirs"
    finally:
        adapters.register_loader(TIMESTAMPTZ, own)


@on_postgresql
def test_an_error_in_there_leaves_djangos_loader_too() -> None:
    with pytest.raises(ZeroDivisionError), quick_timestamps(connection.alias):
        1 / 0  # noqa: B018
    assert connection.execute_wrappers == []
