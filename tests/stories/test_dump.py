"""Invariant 3: a dump of the database is of no use to whoever steals it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

pytestmark = pytest.mark.django_db


@pytest.mark.control("NHI2:2025")
def test_no_key_of_a_living_session_is_in_a_dump(user: Any, browser: Any) -> None:
    clients = [browser() for _ in range(3)]
    for client in clients:
        client.sign_in(user)
        client.get("/account/devices/")
    clients[0].post("/account/devices/sign-out-others/")
    dump = StringIO()
    call_command("dumpdata", stdout=dump)
    everything = dump.getvalue() + rows_of_every_table()
    assert user.email in everything, "the dump holds what was stored"
    for client in clients:
        for name in ("sessionid", "__Host-device"):
            assert client.cookies[name].value not in everything


def rows_of_every_table() -> str:
    """Tables without a model too, such as the cache."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += cursor.fetchall()
    return str(rows)
