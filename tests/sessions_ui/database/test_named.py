"""The look-up on SQLite, whose value has a name."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_ui.database.prepared import NamedQuery

pytestmark = [pytest.mark.django_db, pytest.mark.databases("sqlite")]


@pytest.mark.parametrize("value", ["a", "%s", "%(value)s", "'", '"', "\x00", "ü", "?", ":value"])
def test_a_value_comes_back_as_it_is_however_often_it_stands_there(value: str) -> None:
    assert NamedQuery("SELECT %s, %s", 2).fetch(connection, value) == (value, value)


def test_a_text_with_a_percent_sign_is_left_to_django() -> None:
    query = NamedQuery("SELECT %s, 'a' LIKE 'a%%'", 1)
    assert query.fetch(connection, "b") == ("b", 1)


def test_the_log_of_statements_shows_it_as_any_other(settings: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        NamedQuery("SELECT %s", 1).fetch(connection, "a")
    assert [query["sql"] for query in queries] == ["SELECT 'a'"]
