"""Decisions are committed as SYNCHRONOUS_COMMIT says, and nothing else is (PostgreSQL)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.devices.rename import rename_device
from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.conf import conf
from sessions_ui.database.transactions import in_transaction
from sessions_ui.store import SessionStore
from tests.aging import settle
from tests.conftest import Browser
from tests.models import Device, EndReason, Session

DEVICES = "/account/devices/"
LEVELS = ["local", "remote_write", "on", "remote_apply"]

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.databases("postgresql")


@pytest.fixture(params=["remote_apply"])
def level(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SYNCHRONOUS_COMMIT": request.param}
    return request.param


@pytest.fixture
def here(user: Any) -> Browser:
    client = Browser()
    client.sign_in(user)
    settle(user)
    return client


class Commits:
    """What `synchronous_commit` is at each write, and how often it was set."""

    def __init__(self) -> None:
        self.levels: list[tuple[str, str]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith(("UPDATE", "INSERT", "DELETE")):
            with connection.connection.cursor() as cursor:  # not Django's, which would come here again
                cursor.execute("SHOW synchronous_commit")
                self.levels.append((sql.split('"')[1], cursor.fetchone()[0]))
        return result

    def of(self, table: str) -> set[str]:
        return {level for name, level in self.levels if name == f"sessions_ui_{table}"}


@pytest.fixture
def servers_own() -> str:
    """What the server's configuration says."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return cursor.fetchone()[0]


@pytest.fixture
def commits() -> Iterator[Commits]:
    seen = Commits()
    with connection.execute_wrapper(seen):
        yield seen


def end(user: Any) -> Any:
    return end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)


def by_worker(user: Any) -> None:
    end_later(sessions=Session.objects.of(user), reason=EndReason.ADMINISTRATOR)
    end_batches()


def disabled_by_update(user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert end_unlawful() == 1


DECISIONS: dict[str, Callable[[Any], Any]] = {
    "an ending": end,
    "an ending that a worker carries out": by_worker,
    "a new password that is required": lambda user: require_new_password(
        user=user, reason=EndReason.ADMINISTRATOR, actor=None
    ),
}


@on_postgresql
@pytest.mark.parametrize("level", LEVELS, indirect=True)
@pytest.mark.usefixtures("here")
def test_an_ending_is_committed_at_the_level_of_the_setting(level: str, user: Any, commits: Commits) -> None:
    assert end(user).ended == 1
    assert commits.of("session") == commits.of("act") == commits.of("event") == {level}


@on_postgresql
@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("decision", DECISIONS)
def test_a_decision_is_committed_synchronously(
    decision: str, level: str, user: Any, commits: Commits
) -> None:
    DECISIONS[decision](user)
    assert commits.of("accountstate") == {level}
    assert commits.of("session") <= {level}


@on_postgresql
@pytest.mark.usefixtures("here")
def test_what_the_sweep_ends_is_committed_synchronously(level: str, user: Any, commits: Commits) -> None:
    disabled_by_update(user)
    assert commits.of("session") == {level}


@on_postgresql
def test_a_sign_in_is_committed_synchronously(level: str, user: Any, commits: Commits) -> None:
    Browser().sign_in(user)
    assert commits.of("device") == {level}


@on_postgresql
def test_a_new_key_is_committed_synchronously(level: str, here: Browser, commits: Commits) -> None:
    """A browser that was given a key which a failover loses would be signed out."""
    store = SessionStore(here.cookies["sessionid"].value)
    store.cycle_key()
    assert commits.of("session") == {level}


@on_postgresql
@pytest.mark.usefixtures("level")
def test_last_seen_the_data_of_a_session_and_a_new_anonymous_one_stay_cheap(
    here: Browser, commits: Commits, servers_own: str
) -> None:
    Session.objects.update(last_seen_at=timezone.now() - timedelta(hours=1))
    assert here.get(DEVICES).status_code == 200
    store = SessionStore(here.cookies["sessionid"].value)
    store["colour"] = "green"
    store.save()
    anonymous = SessionStore()
    anonymous["colour"] = "blue"
    anonymous.create()
    assert commits.of("session") == {servers_own}
    assert len(commits.levels) >= 4


@on_postgresql
@pytest.mark.usefixtures("level")
def test_a_request_that_decides_nothing_never_names_the_setting(here: Browser) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert here.get(DEVICES).status_code == 200
    assert len(queries) and "synchronous_commit" not in str(queries.captured_queries)


@on_postgresql
@pytest.mark.usefixtures("here")
def test_a_decision_in_a_transaction_of_the_host_takes_it_along(
    level: str, user: Any, commits: Commits, servers_own: str
) -> None:
    """It is one commit, so what the host writes in it is as durable as the ending."""
    with transaction.atomic():
        user.name = "before"
        user.save()
        end(user)
        user.name = "after"
        user.save()
    host = [found for table, found in commits.levels if table == "accounts_user"]
    assert (host[0], host[-1]) == (servers_own, level)
    user.save()
    assert commits.levels[-1] == ("accounts_user", servers_own), "the next transaction is not"


@on_postgresql
@pytest.mark.usefixtures("here")
def test_a_decision_inside_a_transaction_of_ours_that_decides_nothing_counts(
    level: str, user: Any, commits: Commits
) -> None:
    in_transaction(lambda: end(user))
    assert commits.of("session") == {level}


@on_postgresql
@pytest.mark.usefixtures("here", "level")
def test_the_level_is_set_once_a_transaction(user: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        in_transaction(lambda: (end(user), end(user)), decides=True)
    assert sum("synchronous_commit" in query["sql"] for query in queries) == 1


@pytest.mark.usefixtures("here")
def test_without_the_setting_nothing_is_set(user: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        rename_device(device=Device.objects.get(user=user), name="Laptop", actor=user)
        end(user)
    assert "synchronous_commit" not in str(queries.captured_queries)


@pytest.mark.databases("sqlite", "mysql")
@pytest.mark.usefixtures("here", "level")
def test_on_another_database_nothing_is_set(user: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert end(user).ended == 1
    assert "synchronous_commit" not in str(queries.captured_queries)


@pytest.mark.parametrize("nonsense", ["off", "ON", "on; DROP TABLE x", True, None])
def test_a_level_that_is_none_is_refused(nonsense: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SYNCHRONOUS_COMMIT": nonsense}
    with pytest.raises(ImproperlyConfigured, match="local, remote_write, on, remote_apply"):
        _ = conf.synchronous_commit
