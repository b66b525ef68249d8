"""How long this site waits for PostgreSQL: for a connection, a lock, a statement, and a server that says nothing.

Without bounds each request waits half a minute for a server that is away, and takes a thread for as long. The URL's own
parameters come first (`?connect_timeout=5`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from config.process import Process

CONNECT_SECONDS = 2  # to each host of the URL; libpq takes no less
POOL_SECONDS = 3.0  # for a connection of the pool; more than one dead host takes
# A pool tries again after one second, and after twice as long each time: a server that is back after a minute would be
# found half a minute later. So it gives up after two, and tries when the next request asks.
RECONNECT_SECONDS = 2.0

# A server whose machine is gone answers nothing, not even that it is gone.
TCP = {
    "keepalives": 1,
    "keepalives_idle": 10,  # seconds
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """In seconds; 0 for none. `lock`: for a row or table that somebody else holds; `statement`: for one statement."""

    lock: float
    statement: float


BOUNDS = {
    Process.WEB: Bounds(lock=3, statement=10),
    Process.WORKER: Bounds(lock=30, statement=300),
    Process.COMMAND: Bounds(lock=60, statement=0),  # an index of a large table takes as long as it takes
}


def bound(database: dict[str, Any], bounds: Bounds, *, pool_size: int, pooler: bool) -> None:
    """Give the settings of a PostgreSQL database their bounds.

    `pool_size`: connections of this process, at most. `pooler`: PgBouncer is in between, in transaction mode. It
    takes no settings of a connection, so the role must have them (`ALTER ROLE … SET`).
    """
    from config.connection import bounded_connection

    options = database.setdefault("OPTIONS", {})
    for name, value in {"connect_timeout": CONNECT_SECONDS, **TCP}.items():
        options.setdefault(name, value)
    if not pooler:
        options["options"] = f"{_server_settings(bounds)} {options.get('options', '')}".strip()
    # Under ASGI a persistent connection per thread exhausts the server; a pool does not.
    options.setdefault(
        "pool",
        {
            "min_size": 1,
            "max_size": pool_size,
            "timeout": POOL_SECONDS,
            "reconnect_timeout": RECONNECT_SECONDS,
            "connection_class": bounded_connection(bounds.statement),
        },
    )
    # A connection that died with the server is found out before anybody gets it.
    database["CONN_HEALTH_CHECKS"] = True
    # Behind PgBouncer in transaction mode a cursor is gone when its transaction is; allauth iterates with one.
    database["DISABLE_SERVER_SIDE_CURSORS"] = pooler


def _server_settings(bounds: Bounds) -> str:
    """Return the bounds as `options` of libpq; what comes later wins."""
    settings = {"lock_timeout": bounds.lock, "statement_timeout": bounds.statement}
    return " ".join(f"-c {name}={seconds * 1000:.0f}" for name, seconds in settings.items())
