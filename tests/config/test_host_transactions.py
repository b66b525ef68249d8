"""The suite runs under the transactions that its environment asks for (tests/settings.py)."""

from __future__ import annotations

import os

import pytest
from django.db import connection, transaction

ISOLATION = os.environ.get("TRANSACTION_ISOLATION") or "read committed"
# PostgreSQL and MariaDB are asked in a transaction: Django sets the level at its beginning.
QUESTIONS = {
    "postgresql": "SHOW transaction_isolation",
    "mysql": "SELECT @@tx_isolation",
    "sqlite": "PRAGMA journal_mode",
}
SERVERS_OWN = {"postgresql": "read committed", "mysql": "repeatable read"}


@pytest.mark.django_db(transaction=True)
def test_transactions_are_those_that_were_asked_for() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(QUESTIONS[connection.vendor])
        [answer] = cursor.fetchone()
    if connection.vendor == "sqlite":
        deferred = os.environ.get("SQLITE_TRANSACTIONS") == "deferred"
        expected = ("delete", None) if deferred else ("wal", "IMMEDIATE")
        assert (answer, connection.transaction_mode) == expected
    else:
        level = SERVERS_OWN[connection.vendor] if ISOLATION == "server default" else ISOLATION
        assert answer.lower().replace("-", " ") == level


def test_requests_are_atomic_where_that_was_asked_for() -> None:
    asked = os.environ.get("ATOMIC_REQUESTS") == "1"
    assert connection.settings_dict["ATOMIC_REQUESTS"] is asked
