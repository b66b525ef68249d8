"""The prepared look-up with the older driver; run by tests/postgresql/test_psycopg_2.py."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext

User: Any = get_user_model()
NAME = "ada@people.example"


class WithPsycopg2(TransactionTestCase):
    def setUp(self) -> None:
        assert connection.Database.__name__ == "psycopg2"
        connection.close()
        self.user = User.objects.create(**{User.USERNAME_FIELD: NAME})
        self.client.force_login(self.user)
        connection.close()

    def look_up(self) -> str:
        """The first word of its one statement."""
        with CaptureQueriesContext(connection) as queries:
            assert self.client.get("/whoami").content.decode() == NAME
        (query,) = queries
        return str(query["sql"]).split()[0]

    def test_the_look_up_is_prepared(self) -> None:
        assert [self.look_up() for _ in range(4)] == ["SELECT", "SELECT", "EXECUTE", "EXECUTE"]

    def test_the_look_up_is_prepared_again_where_it_was_forgotten(self) -> None:
        self.test_the_look_up_is_prepared()
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
        assert self.client.get("/whoami").content.decode() == NAME
        assert self.look_up() == "EXECUTE"

    def test_the_look_up_is_asked_in_full_inside_a_transaction(self) -> None:
        """Nothing could guard that with one message to the server: psycopg 2 shows the last result of several only."""
        self.test_the_look_up_is_prepared()
        with transaction.atomic():
            assert self.look_up() == "SELECT"
        assert self.look_up() == "EXECUTE"
