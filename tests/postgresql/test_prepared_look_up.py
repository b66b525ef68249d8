"""The look-up of a request is prepared once a connection, and nothing that happens to it is seen by anybody."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as site_settings
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from sessions_ui import session_lookup
from sessions_ui.database.prepared import MOST_FAILURES, PREPARED_FROM, SAVEPOINT
from sessions_ui.store import SessionStore
from tests.conftest import Browser
from tests.models import digest_of

pytestmark = [
    pytest.mark.databases("postgresql"),
    pytest.mark.django_db(transaction=True),
]

PLAIN, PREPARED = "SELECT", "EXECUTE"
PGBOUNCER_URL = os.environ.get("PGBOUNCER_URL", "")
in_and_out_of_transactions = pytest.mark.parametrize("around", [nullcontext, transaction.atomic])


@pytest.fixture(autouse=True)
def _new_connection() -> Iterator[None]:
    """What happened on the connection before is no part of a test."""
    start_anew()
    yield
    start_anew()


def start_anew() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


@pytest.fixture
def key(user: Any) -> str:
    """Of a session of Ada's."""
    browser = Browser()
    browser.force_login(user)
    start_anew()
    return browser.cookies["sessionid"].value


def look_up(key: str) -> str:
    """Look the session up; returns how it was asked for: the first word of the one statement."""
    with CaptureQueriesContext(connection) as queries:
        user = SessionStore(key).get_user()
    assert user.email == "ada@people.example"
    (query,) = queries
    return str(query["sql"]).removeprefix(f"SAVEPOINT {SAVEPOINT}; ").split()[0]


def look_ups(key: str, number: int) -> list[str]:
    return [look_up(key) for _ in range(number)]


@pytest.fixture
def prepared(key: str) -> str:
    """The key of a session whose look-up is prepared on the connection."""
    look_ups(key, PREPARED_FROM)
    return key


def execute(sql: str, *params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else None


def on(other: Any, key: str) -> str:
    """The same on another connection of Django's."""
    asked: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with other.execute_wrapper(note):
        row = session_lookup.look_up_on("default").statements[0].query.fetch(other, digest_of(key))
    assert row is not None and digest_of(key) in row
    (sql,) = asked
    return sql.removeprefix(f"SAVEPOINT {SAVEPOINT}; ").split()[0]


@contextmanager
def another(**options: Any) -> Iterator[Any]:
    """Another connection to the same database, with OPTIONS of its own."""
    other: Any = connection.copy(alias="another")
    other.settings_dict["OPTIONS"] = {**without_pool(other.settings_dict["OPTIONS"]), **options}
    try:
        yield other
    finally:
        other.close()
        other.close_pool()


def without_pool(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "pool"}


# --- When


def test_the_look_up_is_prepared_by_the_third_look_up_of_a_connection_and_each_is_one_statement(
    key: str,
) -> None:
    assert look_ups(key, 5) == [PLAIN, PLAIN, PREPARED, PREPARED, PREPARED]


def test_another_connection_counts_for_itself(prepared: str) -> None:
    with another() as other:
        assert [on(other, prepared) for _ in range(4)] == [PLAIN, PLAIN, PREPARED, PREPARED]
    assert look_up(prepared) == PREPARED


def test_what_wraps_the_statements_of_the_host_sees_it(prepared: str) -> None:
    seen: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        assert isinstance(context["cursor"], CursorWrapper)
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        look_up(prepared)
    ((sql, params),) = seen
    assert sql.startswith("EXECUTE sessions_ui_") and params == (digest_of(prepared),)


@in_and_out_of_transactions
def test_what_is_found_is_the_same(around: Callable[[], AbstractContextManager[None]], prepared: str) -> None:
    digest = digest_of(prepared)
    with around():
        found, user = (row := session_lookup.find(digest)), row and row.user
        with another() as other:
            query = session_lookup.look_up_on("default").statements[0].query
            assert query.fetch(connection, digest) == query.fetch(other, digest)
    assert found is not None and user is not None
    found.refresh_from_db(fields=session_lookup.HOT_FIELDS)
    same = type(found).objects.get(pk=found.pk)
    assert {name: getattr(same, name) for name in session_lookup.HOT_FIELDS} == {
        name: getattr(found, name) for name in session_lookup.HOT_FIELDS
    }
    whole = get_user_model()._base_manager.get(pk=user.pk)
    assert {**vars(whole), "_state": None} == {**vars(user), "_state": None}


def test_a_session_that_ended_meanwhile_is_refused(prepared: str) -> None:
    SessionStore(prepared).delete()
    store = SessionStore(prepared)
    assert store.resolve() is None and store.refusal == "signed_out"


def test_an_unknown_key_finds_nothing(prepared: str) -> None:
    assert SessionStore("0" * 32).resolve() is None


@override_settings(SESSIONS_UI={**site_settings.SESSIONS_UI, "PREPARE_LOOK_UP": False})
def test_the_setting_forbids_it(key: str) -> None:
    assert set(look_ups(key, 4)) == {PLAIN}


def test_the_look_up_is_left_to_psycopg_where_parameters_are_bound_by_the_server(key: str) -> None:
    with another(server_side_binding=True) as other:
        assert {on(other, key) for _ in range(4)} == {PLAIN}


def test_the_plan_of_the_look_up_for_any_key_reads_no_table_as_a_whole(prepared: str) -> None:
    """Whatever its statistics say: here, that no key was ever replaced."""
    with transaction.atomic():
        execute("CREATE TEMP TABLE rest AS SELECT * FROM sessions_ui_session LIMIT 1")
        execute(
            "INSERT INTO sessions_ui_session SELECT (r).* FROM (SELECT jsonb_populate_record(s, jsonb_build_object("
            "'id', 1000000 + i, 'public_id', i::text, 'digest', md5(i::text), 'previous_digest', NULL)) AS r "
            "FROM rest AS s, generate_series(1, 1000) AS i) AS rows"
        )
        execute("ANALYZE sessions_ui_session")
        execute("SET LOCAL plan_cache_mode = force_generic_plan")
        query: Any = session_lookup.look_up_on("default").statements[0].query
        plan = str(execute(f"EXPLAIN EXECUTE {query.name} ('x')"))
        transaction.set_rollback(True)
    assert "sessions_ui_session" in plan and "Seq Scan on sessions_ui_session" not in plan


# --- What becomes of it


@contextmanager
def another_type() -> Iterator[None]:
    """A migration of the host's: a column of the user table has another type, under a running site."""
    table = get_user_model()._meta.db_table
    with another() as migrating:

        def alter(kind: str) -> None:
            with migrating.cursor() as cursor:
                cursor.execute(f"ALTER TABLE {table} ALTER COLUMN name TYPE {kind}")

        alter("text")
        try:
            yield
        finally:
            start_anew()
            alter("varchar(150)")


@in_and_out_of_transactions
def test_a_migration_of_the_user_table_is_not_noticed(
    around: Callable[[], AbstractContextManager[None]], prepared: str
) -> None:
    with another_type():
        with around():
            assert SessionStore(prepared).get_user().name == "Ada"
        assert look_up(prepared) == PREPARED


@pytest.mark.parametrize("atomic_requests", [False, True])
@override_settings(ROOT_URLCONF="tests.races.urls")
def test_no_page_of_the_host_fails_for_a_migration(
    atomic_requests: bool, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", atomic_requests)
    browser = Browser()
    browser.force_login(user)
    pages = [browser.get("/host/password/").status_code for _ in range(PREPARED_FROM + 1)]
    with another_type():
        pages += [browser.get("/host/password/").status_code for _ in range(3)]
    assert set(pages) == {200}


def test_a_transaction_of_the_host_goes_on_after_a_look_up_that_failed(prepared: str, user: Any) -> None:
    with transaction.atomic():
        type(user)._base_manager.filter(pk=user.pk).update(name="Countess")
        execute("DEALLOCATE ALL")
        assert SessionStore(prepared).get_user().name == "Countess"
        assert look_up(prepared) == PREPARED
    user.refresh_from_db()
    assert user.name == "Countess"


@pytest.mark.parametrize("sql", ["DISCARD ALL", "DEALLOCATE ALL"])
def test_the_look_up_is_prepared_again_where_it_was_forgotten(sql: str, prepared: str) -> None:
    execute(sql)
    assert SessionStore(prepared).get_user().name == "Ada"
    assert look_up(prepared) == PREPARED


def test_a_connection_that_forgets_it_again_and_again_is_left_alone(prepared: str) -> None:
    for _ in range(MOST_FAILURES):
        execute("DEALLOCATE ALL")
        assert SessionStore(prepared).get_user().name == "Ada"
        asked = look_up(prepared)
    assert asked == PLAIN


def test_the_look_up_outlives_the_rollback_of_the_transaction_that_prepared_it(key: str) -> None:
    look_ups(key, PREPARED_FROM - 1)
    with transaction.atomic():
        assert look_up(key) == PREPARED
        transaction.set_rollback(True)
    assert look_up(key) == PREPARED


def test_a_statement_that_is_there_already_is_made_again(prepared: str) -> None:
    """As after `DISCARD` of what this process knows: the look-up was compiled again."""
    session_lookup._look_ups.clear()
    assert look_ups(prepared, 4) == [PLAIN, PLAIN, PREPARED, PREPARED]


def test_a_broken_transaction_of_the_host_stays_broken(prepared: str) -> None:
    """As with any other query: nothing is rolled back that the host has not asked for."""
    with pytest.raises(Exception, match="current transaction is aborted"), transaction.atomic():
        with pytest.raises(Exception, match="division by zero"):
            execute("SELECT 1 / 0")
        SessionStore(prepared).get_user()


def test_another_schema_is_another_table(prepared: str) -> None:
    """A host with a schema for each tenant: PostgreSQL plans again by itself."""
    tables = ["sessions_ui_session", "sessions_ui_containment", get_user_model()._meta.db_table]
    execute("CREATE SCHEMA tenant")
    try:
        for table in tables:
            execute(f"CREATE TABLE tenant.{table} (LIKE public.{table} INCLUDING ALL)")
        execute("SET search_path = tenant")
        assert SessionStore(prepared).resolve() is None
        execute("SET search_path = public")
        assert look_up(prepared) == PREPARED
    finally:
        execute("DROP SCHEMA tenant CASCADE")


# --- Connections


def cut(other: Any) -> None:
    execute("SELECT pg_terminate_backend(%s)", other.connection.info.backend_pid)


def test_a_new_connection_after_a_failover_begins_anew(prepared: str) -> None:
    with another() as other:
        other.settings_dict["CONN_HEALTH_CHECKS"] = True
        other.settings_dict["CONN_MAX_AGE"] = None
        for _ in range(PREPARED_FROM):
            on(other, prepared)
        cut(other)
        other.close_if_unusable_or_obsolete()  # as at the beginning of each request
        assert [on(other, prepared) for _ in range(3)] == [PLAIN, PLAIN, PREPARED]


def test_a_lost_connection_fails_as_it_does_for_every_query(prepared: str) -> None:
    with another() as other:
        for _ in range(PREPARED_FROM):
            on(other, prepared)
        cut(other)
        with pytest.raises(OperationalError):
            on(other, prepared)
        other.close()
        assert on(other, prepared) == PLAIN


def returned(other: Any, key: str) -> str:
    """One request with a connection of the pool."""
    try:
        return on(other, key)
    finally:
        other.close()


def test_a_connection_of_a_pool_stays_prepared(key: str) -> None:
    with another(pool={"min_size": 1, "max_size": 1}) as other:
        assert [returned(other, key) for _ in range(4)] == [PLAIN, PLAIN, PREPARED, PREPARED]


def test_a_pool_that_resets_its_connections_costs_nobody_a_request(key: str) -> None:
    def reset(raw: Any) -> None:
        raw.autocommit = True
        raw.execute("DISCARD ALL")
        raw.autocommit = False

    digest = digest_of(key)
    query = session_lookup.look_up_on("default").statements[0].query
    with another(pool={"min_size": 1, "max_size": 1, "reset": reset}) as other:
        for _ in range(PREPARED_FROM + 2 * MOST_FAILURES):
            assert query.fetch(other, digest) is not None
            other.close()
        assert returned(other, key) == PLAIN


# --- Behind PgBouncer

bounced = pytest.mark.skipif(not PGBOUNCER_URL, reason="PGBOUNCER_URL is not set")


@contextmanager
def through_pgbouncer() -> Iterator[Any]:
    address = urlsplit(PGBOUNCER_URL)
    with another() as other:
        other.settings_dict.update(HOST=address.hostname, PORT=str(address.port))
        yield other


@bounced
def test_a_pooler_is_noticed(key: str) -> None:
    with through_pgbouncer() as other:
        assert {on(other, key) for _ in range(6)} == {PLAIN}


@bounced
@override_settings(SESSIONS_UI={**site_settings.SESSIONS_UI, "PREPARE_LOOK_UP": True})
def test_a_pooler_that_changes_connections_in_between_is_survived(key: str) -> None:
    """Against the advice of the documentation: PgBouncer in transaction mode, and two of PostgreSQL's connections."""
    query = session_lookup.look_up_on("default").statements[0].query
    fetch = partial(query.fetch, value=digest_of(key))
    with through_pgbouncer() as one, through_pgbouncer() as other:
        for _ in range(PREPARED_FROM):
            assert fetch(one) and fetch(other)  # by turns on the same of PostgreSQL's
        with transaction_on(other):
            assert fetch(other)
            assert fetch(one)  # on another: that one is taken
        assert fetch(one) and fetch(other)


@contextmanager
def transaction_on(other: Any) -> Iterator[None]:
    """Not `atomic()`, which looks its connection up by the alias."""
    other.set_autocommit(False)
    try:
        yield
        other.commit()
    finally:
        other.set_autocommit(True)
