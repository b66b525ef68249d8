"""How long the site waits for PostgreSQL: settings only. tests/faults/test_outages.py has a server that is away."""

from __future__ import annotations

from typing import Any

import pytest

from config.database import BOUNDS, Bounds, bound
from config.process import Process
from tests.config.test_settings import run, setting

URL = "postgres://site:secret@db.example:5432/devices"
WHAT_COUNTS = (
    "from django.conf import settings; options = settings.DATABASES['default']['OPTIONS']; "
    "print(options['options'], options['pool']['connection_class'].longest)"
)


def bounded(options: dict[str, Any] | None = None, *, pooler: bool = False) -> dict[str, Any]:
    database: dict[str, Any] = {} if options is None else {"OPTIONS": options}
    bound(database, Bounds(lock=3, statement=10), pool_size=7, pooler=pooler)
    return database


@pytest.mark.parametrize(
    ("process", "shown"),
    [
        (
            ["-c", f"import config.asgi; {WHAT_COUNTS}"],
            "-c lock_timeout=3000 -c statement_timeout=10000 12.0",
        ),
        (
            ["-c", f"import config.wsgi; {WHAT_COUNTS}"],
            "-c lock_timeout=3000 -c statement_timeout=10000 12.0",
        ),
        (
            ["-c", f"from config import celery_app; celery_app.conf.broker_url; {WHAT_COUNTS}"],
            "-c lock_timeout=30000 -c statement_timeout=300000 302.0",
        ),
        (
            ["manage.py", "shell", "--no-imports", "-c", WHAT_COUNTS],
            "-c lock_timeout=60000 -c statement_timeout=0 None",
        ),
    ],
    ids=["ASGI", "WSGI", "worker", "command"],
)
def test_who_serves_people_waits_less_than_a_worker_and_that_less_than_a_command(
    process: list[str], shown: str, tmp_path: Any
) -> None:
    variables = {"SECRET_KEY": "x" * 60, "VAR_DIR": str(tmp_path), "DATABASE_URL": URL}
    done = run(process, **variables, DJANGO_SETTINGS_MODULE="config.settings")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == shown


def test_the_environment_may_say_otherwise(tmp_path: Any) -> None:
    shown = setting(
        "(settings.DATABASES['default']['OPTIONS']['options'], "
        "settings.DATABASES['default']['OPTIONS']['pool']['max_size'])",
        SECRET_KEY="x" * 60,
        VAR_DIR=str(tmp_path),
        DATABASE_URL=URL,
        DATABASE_LOCK_TIMEOUT="0.5",
        DATABASE_STATEMENT_TIMEOUT="0",
        DATABASE_POOL_SIZE="5",
    )
    assert shown == "('-c lock_timeout=500 -c statement_timeout=0', 5)"


def test_several_hosts_may_be_named(tmp_path: Any) -> None:
    database = "settings.DATABASES['default']"
    shown = setting(
        f"({database}['HOST'], {database}['PORT'], {database}['OPTIONS']['target_session_attrs'])",
        SECRET_KEY="x" * 60,
        VAR_DIR=str(tmp_path),
        DATABASE_URL="postgres://u:p@one:5432,two:5433/devices?target_session_attrs=read-write",
    )
    assert shown == "('one,two', '5432,5433', 'read-write')"


def test_every_wait_for_a_connection_has_an_end() -> None:
    options = bounded()["OPTIONS"]
    assert options["connect_timeout"] == 2
    assert options["tcp_user_timeout"] == 10_000
    assert options["keepalives_idle"] + options["keepalives_interval"] * options["keepalives_count"] < 20
    assert options["pool"]["timeout"] == 3
    assert options["pool"]["max_size"] == 7


def test_a_connection_that_died_is_found_out_before_it_is_used() -> None:
    assert bounded()["CONN_HEALTH_CHECKS"] is True


def test_what_the_url_says_comes_first() -> None:
    options = bounded({"connect_timeout": 9, "options": "-c jit=off -c lock_timeout=1"})["OPTIONS"]
    assert options["connect_timeout"] == 9
    assert options["options"].endswith("-c jit=off -c lock_timeout=1"), "the last one counts"


def test_a_pooler_is_sent_no_settings_of_a_connection() -> None:
    """PgBouncer refuses the connection for them."""
    database = bounded(pooler=True)
    assert "options" not in database["OPTIONS"]
    assert database["DISABLE_SERVER_SIDE_CURSORS"] is True


def test_nobody_waits_for_ever_who_serves_or_works() -> None:
    for process in (Process.WEB, Process.WORKER):
        assert 0 < BOUNDS[process].lock < BOUNDS[process].statement
