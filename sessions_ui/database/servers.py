"""Ask the database servers what endings depend on: no system check can ask them.

`/healthz` and `manage.py sessions health` report it; docs/scaling.md says what to do about each.
"""

from __future__ import annotations

from enum import StrEnum

from django.db.backends.base.base import BaseDatabaseWrapper

from sessions_ui.conf import conf


class Weakness(StrEnum):
    """What is wrong with a database server, or with how it is used."""

    ONLY_READS = "only_reads"
    STALE_READS = "stale_reads"
    ASYNCHRONOUS_COMMIT = "asynchronous_commit"
    NO_SYNCHRONOUS_STANDBY = "no_synchronous_standby"
    STANDBY_AWAY = "standby_away"


# In one sentence each, for an operator.
MEANING = {
    Weakness.ONLY_READS: "The database only reads: nobody can be signed in or out, and sessions that have ended "
    "elsewhere may still be let in here.",
    Weakness.STALE_READS: "This is a Galera node with wsrep_sync_wait=0: sessions that have ended at another node may "
    "still be let in here.",
    Weakness.ASYNCHRONOUS_COMMIT: "Commits do not wait until they are on disk: after a crash of the server sessions "
    "that have just ended may live again.",
    Weakness.NO_SYNCHRONOUS_STANDBY: "There is a standby, and endings do not wait for it: after a failover sessions "
    "that have just ended may live again.",
    Weakness.STANDBY_AWAY: "Endings wait for a synchronous standby, and none is connected: each of them hangs until "
    "one is back.",
}

POSTGRESQL = """
SELECT current_setting('transaction_read_only') = 'on',
       current_setting('synchronous_commit'),
       current_setting('synchronous_standby_names') <> '',
       EXISTS (SELECT FROM pg_stat_replication),
       EXISTS (SELECT FROM pg_replication_slots WHERE slot_type = 'physical')
"""
# MySQL knows fewer of these; a `SELECT @@…` would fail there.
MYSQL = """
SHOW SESSION VARIABLES WHERE Variable_name IN
('read_only', 'super_read_only', 'wsrep_on', 'wsrep_sync_wait', 'innodb_flush_log_at_trx_commit')
"""
SYNC_WAIT_READS = 1  # the bit of wsrep_sync_wait that is about SELECT


def examine(connection: BaseDatabaseWrapper) -> list[Weakness]:
    """Ask the server behind this connection for its weaknesses, in one statement; return them.

    SQLite has nothing to say. Raises what the driver raises where the server cannot be asked.
    """
    match connection.vendor:
        case "postgresql":
            return _examine_postgresql(connection)
        case "mysql":
            return _examine_mysql(connection)
        case _:
            return []


def _examine_postgresql(connection: BaseDatabaseWrapper) -> list[Weakness]:
    with connection.cursor() as cursor:
        cursor.execute(POSTGRESQL)
        only_reads, level, waits_for_some, has_standby, has_slot = cursor.fetchone()
    if only_reads:  # a standby's own settings say nothing of the primary's commits
        return [Weakness.ONLY_READS]
    level = conf.synchronous_commit or level
    waits = waits_for_some and level not in ("off", "local")
    found = {
        Weakness.ASYNCHRONOUS_COMMIT: level == "off",
        Weakness.NO_SYNCHRONOUS_STANDBY: not waits and (has_standby or has_slot),
        Weakness.STANDBY_AWAY: waits and not has_standby,
    }
    return [weakness for weakness, is_so in found.items() if is_so]


def _examine_mysql(connection: BaseDatabaseWrapper) -> list[Weakness]:
    with connection.cursor() as cursor:
        cursor.execute(MYSQL)
        says: dict[str, str] = dict(cursor.fetchall())
    in_cluster = says.get("wsrep_on") == "ON"
    found = {
        # Who has the right to write nevertheless (SUPER, READ ONLY ADMIN) is not told apart: a site has no such right.
        Weakness.ONLY_READS: "ON" in (says.get("read_only"), says.get("super_read_only")),
        Weakness.STALE_READS: in_cluster and not int(says["wsrep_sync_wait"]) & SYNC_WAIT_READS,
        # In a Galera cluster the other nodes have what one has not on disk yet.
        Weakness.ASYNCHRONOUS_COMMIT: not in_cluster and says.get("innodb_flush_log_at_trx_commit") != "1",
    }
    return [weakness for weakness, is_so in found.items() if is_so]
