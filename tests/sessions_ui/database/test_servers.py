"""What a database server says of itself; tests/clusters asks real standbys and real nodes."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction

from sessions_ui.database.servers import MEANING, Weakness, examine

ASYNCHRONOUS = Weakness.ASYNCHRONOUS_COMMIT
SINGLE = {"level": "on", "names": False, "standby": False, "slot": False}
WITH_STANDBY = {"level": "on", "names": True, "standby": True, "slot": True}


class Server:
    """Answers as a server does, whatever it is asked."""

    def __init__(self, vendor: str, answer: Any) -> None:
        self.vendor, self.answer = vendor, answer

    def cursor(self) -> Any:
        rows = SimpleNamespace(
            execute=lambda sql: None, fetchone=lambda: self.answer, fetchall=lambda: self.answer
        )
        return nullcontext(rows)


def postgresql(*, only_reads: bool = False, **says: Any) -> list[Weakness]:
    says = SINGLE | says
    answer = (only_reads, says["level"], says["names"], says["standby"], says["slot"])
    return examine(Server("postgresql", answer))


def mysql(**says: str) -> list[Weakness]:
    return examine(Server("mysql", [("innodb_flush_log_at_trx_commit", "1"), *says.items()]))


@pytest.mark.parametrize(
    ("says", "weaknesses"),
    [
        ({}, []),
        ({"level": "local"}, []),
        ({"level": "off"}, [ASYNCHRONOUS]),
        ({"only_reads": True}, [Weakness.ONLY_READS]),
        ({"only_reads": True, "level": "off", "slot": True}, [Weakness.ONLY_READS]),
        (WITH_STANDBY, []),
        (WITH_STANDBY | {"level": "remote_apply"}, []),
        (WITH_STANDBY | {"names": False}, [Weakness.NO_SYNCHRONOUS_STANDBY]),
        (WITH_STANDBY | {"level": "local"}, [Weakness.NO_SYNCHRONOUS_STANDBY]),
        (WITH_STANDBY | {"level": "off"}, [ASYNCHRONOUS, Weakness.NO_SYNCHRONOUS_STANDBY]),
        ({"slot": True}, [Weakness.NO_SYNCHRONOUS_STANDBY]),
        (WITH_STANDBY | {"standby": False}, [Weakness.STANDBY_AWAY]),
    ],
)
def test_the_report_names_what_is_weak_about_postgresql(
    says: dict[str, Any], weaknesses: list[Weakness]
) -> None:
    assert postgresql(**says) == weaknesses


@pytest.mark.parametrize("own", ["off", "local"])
def test_what_decisions_are_committed_with_is_what_counts(own: str, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SYNCHRONOUS_COMMIT": "on"}
    assert postgresql(**WITH_STANDBY | {"level": own}) == []


@pytest.mark.parametrize(
    ("says", "weaknesses"),
    [
        ({}, []),
        ({"read_only": "OFF", "wsrep_on": "OFF", "wsrep_sync_wait": "0"}, []),
        ({"read_only": "ON"}, [Weakness.ONLY_READS]),
        ({"super_read_only": "ON", "read_only": "ON"}, [Weakness.ONLY_READS]),
        ({"innodb_flush_log_at_trx_commit": "2"}, [ASYNCHRONOUS]),
        ({"wsrep_on": "ON", "wsrep_sync_wait": "0"}, [Weakness.STALE_READS]),
        ({"wsrep_on": "ON", "wsrep_sync_wait": "6"}, [Weakness.STALE_READS]),
        ({"wsrep_on": "ON", "wsrep_sync_wait": "1"}, []),
        ({"wsrep_on": "ON", "wsrep_sync_wait": "15"}, []),
        ({"wsrep_on": "ON", "wsrep_sync_wait": "1", "innodb_flush_log_at_trx_commit": "0"}, []),
    ],
)
def test_the_report_names_what_is_weak_about_mariadb(
    says: dict[str, str], weaknesses: list[Weakness]
) -> None:
    assert mysql(**says) == weaknesses


def test_each_weakness_has_a_sentence_for_an_operator() -> None:
    assert set(MEANING) == set(Weakness)
    assert all(sentence.endswith(".") for sentence in MEANING.values())


@pytest.mark.django_db
def test_the_real_server_understands_the_question() -> None:
    found = examine(connection)
    assert Weakness.ONLY_READS not in found
    assert connection.vendor != "sqlite" or found == []


@pytest.mark.django_db
@pytest.mark.databases("postgresql")
def test_a_session_of_postgresql_that_was_made_weak_is_found_out() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")
        assert ASYNCHRONOUS in examine(connection)
        cursor.execute("SET LOCAL synchronous_commit TO on")
        assert ASYNCHRONOUS not in examine(connection)
        with transaction.atomic():
            cursor.execute("SET TRANSACTION READ ONLY")
            assert examine(connection) == [Weakness.ONLY_READS]
            transaction.set_rollback(True)
