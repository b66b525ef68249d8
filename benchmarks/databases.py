"""A fresh database for each worker, dropped when the run is over.

BENCH_POSTGRES is a libpq connection string of a role that may create databases; empty means libpq's own defaults
(the PG* variables, else the local socket and the current user).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

PREFIX = "devices_bench_"


def _connect() -> psycopg.Connection:
    given = os.environ.get("BENCH_POSTGRES", "")
    database = conninfo_to_dict(given).get("dbname") or "postgres"
    return psycopg.connect(make_conninfo(given, dbname=database), autocommit=True)


def postgres_version() -> str:
    with _connect() as connection:
        return str(connection.info.parameter_status("server_version")).split()[0]


@contextmanager
def postgres(name: str, *, pool: int = 0, options: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Django's settings of a new database; with `pool`, through psycopg's pool of so many connections."""
    name = PREFIX + name
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with _connect() as connection:
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    given = conninfo_to_dict(os.environ.get("BENCH_POSTGRES", ""))
    database: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": given.get("user", ""),
        "PASSWORD": given.get("password", ""),
        "HOST": given.get("host", ""),
        "PORT": given.get("port", ""),
        "OPTIONS": {"pool": {"min_size": pool, "max_size": pool}} if pool else options or {},
        "CONN_MAX_AGE": 0 if pool else None,
    }
    try:
        yield database
    finally:
        with _connect() as connection:
            connection.execute(drop)


@contextmanager
def sqlite(name: str) -> Iterator[dict[str, Any]]:
    """As the site runs it: WAL."""
    with TemporaryDirectory(prefix="devices-bench-") as folder:
        yield {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(Path(folder) / f"{name}.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
            },
            "CONN_MAX_AGE": None,
        }
