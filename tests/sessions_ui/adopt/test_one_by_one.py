"""ADOPT_FROM: a key that is unknown here is looked up in the old table, for a while."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, OperationalError, connection, transaction
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.adoption import window as period
from sessions_ui.actions.adoption.adopt import adopt_all
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.adopt import SOURCES
from sessions_ui.checks.project import setup as checks
from sessions_ui.exceptions import TryAgain
from sessions_ui.store import SessionStore
from tests.conftest import FIREFOX_ON_LINUX, LONDON
from tests.models import AccountState, Adoption, EndReason, Event, Session, digest_of
from tests.sessions_ui.adopt.conftest import CHROME_ON_WINDOWS, OldSessions
from tests.statements import verb

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]
DEVICES = "/account/devices/"


@pytest.mark.parametrize("source", ["db", "user_sessions", "qsessions"])
def test_the_first_request_adopts(
    source: str, user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting(source)
    client = client_with(old_session(user, source=source))
    assert client.get(DEVICES).status_code == 200
    assert Session.objects.get().user_id == user.pk
    assert Event.objects.get().kind == Event.Kind.ADOPTED
    assert client.get(DEVICES).status_code == 200
    assert Session.objects.count() == 1


def test_async_takes_the_same_way(user: Any, old_session: OldSessions, adopting: Any) -> None:
    from asgiref.sync import async_to_sync

    adopting()
    store = SessionStore(old_session(user, data={"cart": 1}))
    assert async_to_sync(store.aget)("cart") == 1


def test_what_the_old_table_does_not_know_the_request_does(
    user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting()
    client_with(old_session(user)).get(DEVICES)
    session = Session.objects.get()
    assert (session.address, session.user_agent) == (LONDON, FIREFOX_ON_LINUX)
    assert session.place["city"] == "London"
    assert (session.first_address, session.first_user_agent, session.first_place) == (None, "", None)
    assert session.device.derived_name == "Firefox on Linux"


def test_what_the_old_table_knows_goes_first(
    user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting("qsessions")
    key = old_session(user, source="qsessions", ip="89.160.20.112", user_agent=CHROME_ON_WINDOWS)
    client_with(key).get(DEVICES)
    session = Session.objects.get()
    assert (session.first_address, session.device.derived_name) == ("89.160.20.112", "Chrome on Windows")


@pytest.mark.parametrize("given", [{}, {"ADOPT_FROM": "", "ADOPT_UNTIL": None}])
def test_adoption_costs_nothing_when_it_is_not_set(
    given: dict[str, Any], user: Any, old_session: OldSessions, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **given}
    with CaptureQueriesContext(connection) as queries:
        assert SessionStore(old_session(user)).load() == {}
    assert not any("django_session" in query["sql"] for query in queries if "INSERT" not in query["sql"])


def test_nobody_asks_when_migrate_was_where_nothing_is_adopted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(period, "_migrated", {})
    with CaptureQueriesContext(connection) as queries:
        assert period.adopting_from() == ""
    assert len(queries) == 0


def test_without_a_date_it_is_the_first_two_days_after_migrate(
    user: Any, old_session: OldSessions, client_with: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README's order: whoever comes between `migrate` and `adopt_sessions` stays signed in."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADOPT_FROM": "db"}
    for ago, status in ((timedelta(hours=47), 200), (timedelta(hours=49), 302)):
        monkeypatch.setattr(period, "_migrated", {connection.alias: timezone.now() - ago})
        assert client_with(old_session(user)).get(DEVICES).status_code == status


def test_when_migrate_was_is_asked_once_a_process(
    user: Any, old_session: OldSessions, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(period, "_migrated", {})
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADOPT_FROM": "db"}
    with CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            assert period.adopting_from() == "db", "the tests' database has just been made"
    assert sum("django_migrations" in query["sql"] and "MIN" in query["sql"] for query in queries) == 1


def test_tables_that_no_migration_made_are_adopted_into_until_a_date_only(
    settings: Any, monkeypatch: pytest.MonkeyPatch, adopting: Any
) -> None:
    monkeypatch.setattr(period, "_migrated", {connection.alias: None})
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADOPT_FROM": "db"}
    assert period.adopting_from() == ""
    adopting()
    assert period.adopting_from() == "db"


def test_adoption_ends_by_itself(
    user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting(days=-1)
    assert client_with(old_session(user)).get(DEVICES).status_code == 302


def test_a_known_key_costs_one_statement_as_ever(user: Any, old_session: OldSessions, adopting: Any) -> None:
    adopting()
    key = old_session(user)
    SessionStore(key).resolve()
    with CaptureQueriesContext(connection) as queries:
        assert SessionStore(key).get_user() == user
    assert len(queries) == 1


def test_a_bogus_key_costs_one_statement_more_and_writes_nothing(user: Any, adopting: Any) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            SessionStore("0123456789bogus0123456789").resolve()
        verbs = [verb(query["sql"]) for query in queries]
        assert {*verbs} <= {"SELECT", "SAVEPOINT", "RELEASE"}
        return verbs.count("SELECT")

    before = cost()
    adopting()
    assert cost() == before + 1


@pytest.mark.parametrize(
    "cookie",
    [
        '"\\000aaaaaaaaaaaaaaa"',
        '"aaaaaaaaaaaaaaaa\\000"',
        '"\\377\\376aaaaaaaaaaaaaaa"',
        "a" * 3900,
        "quo'tes" * 3,
    ],
    ids=["zero byte", "zero byte at the end", "no ASCII", "too long", "quotes"],
)
def test_a_cookie_that_cannot_be_a_key_is_nobodys_and_not_looked_for_in_the_old_table(
    cookie: str, user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting()
    theirs = old_session(user)
    with CaptureQueriesContext(connection) as queries:
        assert Client().get(DEVICES, headers={"cookie": f"sessionid={cookie}"}).status_code == 302
    assert not [query["sql"] for query in queries if "django_session" in query["sql"]]
    assert client_with(theirs).get(DEVICES).status_code == 200


def test_a_database_that_fails_is_not_taken_for_an_old_table_that_was_dropped(
    user: Any, old_session: OldSessions, adopting: Any
) -> None:
    """Else everybody who was not adopted yet would lose their cookie in that moment."""
    adopting()
    key = old_session(user)

    def broken(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith("SELECT") and "django_session" in sql:
            raise OperationalError("disk I/O error")
        return execute(sql, *args)

    with connection.execute_wrapper(broken), pytest.raises(OperationalError):
        SessionStore(key).resolve()
    assert SessionStore(key).get_user() == user


def test_an_anonymous_session_that_two_requests_adopt_at_the_same_moment_is_one(
    old_session: OldSessions, adopting: Any
) -> None:
    """No user's row is locked for it, so the database has the last word."""
    adopting()
    key = old_session(data={"cart": 3})
    insert = f"INSERT INTO {connection.ops.quote_name('sessions_ui_session')} "
    tries = []

    def other_was_faster(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith(insert):
            tries.append(sql)
            if len(tries) == 1:
                raise IntegrityError("UNIQUE constraint failed")
        return execute(sql, *args)

    with connection.execute_wrapper(other_was_faster):
        assert SessionStore(key)["cart"] == 3
    assert len(tries) == 2 and Session.objects.count() == 1


def test_what_somebody_else_adopts_again_and_again_is_to_be_tried_once_more(
    old_session: OldSessions, adopting: Any
) -> None:
    """In a transaction of the host, whose snapshot may never show it."""
    adopting()
    key = old_session(data={"cart": 3})
    insert = f"INSERT INTO {connection.ops.quote_name('sessions_ui_session')} "
    tries = []

    def other_is_faster(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith(insert):
            tries.append(sql)
            raise IntegrityError("UNIQUE constraint failed")
        return execute(sql, *args)

    with connection.execute_wrapper(other_is_faster), pytest.raises(TryAgain):
        SessionStore(key).resolve()
    assert len(tries) == 3 and not Session.objects.exists()


def test_another_key_of_the_same_letters_is_another_key(
    user: Any, old_session: OldSessions, adopting: Any
) -> None:
    """MySQL compares without regard to case."""
    adopting()
    assert SessionStore(old_session(user).upper()).resolve() is None


@pytest.mark.parametrize("rotations", [1, 2])
def test_a_replaced_key_does_not_come_back(
    rotations: int, user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting()
    key = old_session(user)
    store = SessionStore(key)
    for _ in range(rotations):
        store.cycle_key()
    late = SessionStore(key)
    assert late.resolve() is None
    assert late.is_straggler == (rotations == 1)


def test_signing_out_is_final(user: Any, old_session: OldSessions, adopting: Any) -> None:
    adopting()
    key = old_session(user)
    SessionStore(key).flush()
    for _ in range(2):
        assert SessionStore(key).resolve() is None
        Session.objects.all().delete()  # as the purge does it


def test_what_a_request_finds_in_the_old_table_was_not_seen_by_the_walk(
    user: Any, old_session: OldSessions, adopting: Any
) -> None:
    """`end_missing()` goes by what the walk has seen; and whoever comes again and again with a dead key writes nothing
    by that."""
    adopting()
    key = old_session(user)
    SessionStore(key).flush()
    Session.objects.all().delete()  # as the purge does it
    seen_at = Adoption.objects.get().seen_at
    assert SessionStore(key).resolve() is None
    assert Adoption.objects.get().seen_at == seen_at


def test_other_packages_end_sessions_by_their_key(user: Any, old_session: OldSessions, adopting: Any) -> None:
    """allauth does, and Channels: an unadopted one is no exception."""
    adopting()
    key = old_session(user)
    assert SessionStore().exists(key)
    SessionStore().delete(key)
    assert not SessionStore().exists(key)
    assert SessionStore(key).resolve() is None
    assert Session.objects.get().end_reason == EndReason.SIGNED_OUT


def test_everywhere_includes_what_nobody_has_adopted_yet(
    user: Any, other_user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting()
    mine, forgotten, theirs = old_session(user), old_session(user), old_session(other_user)
    keep = SessionStore(mine).session_id
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_REMOTELY, actor=user, keep=keep)
    assert client_with(forgotten).get(DEVICES).status_code == 302
    assert client_with(mine).get(DEVICES).status_code == 200
    assert client_with(theirs).get(DEVICES).status_code == 200
    adopt_all(source=SOURCES["db"])
    assert not Session.objects.filter(digest=digest_of(forgotten)).exists()


def test_what_everywhere_ended_before_anybody_adopted_it_stays_so_after_a_purge(
    user: Any, other_user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting()
    forgotten, theirs = old_session(user), old_session(other_user)
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)
    purge_old()
    assert client_with(forgotten).get(DEVICES).status_code == 302
    assert client_with(theirs).get(DEVICES).status_code == 200


def test_what_an_old_server_saves_after_that_is_not_adopted_either(
    user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    """Trap 9: nothing tells an old session that was saved later from a new sign-in on an old server, not even that the
    user has signed in since."""
    adopting()
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)
    AccountState.objects.filter(pk=user.pk).update(cut_at=timezone.now() - timedelta(minutes=5))
    get_user_model().objects.filter(pk=user.pk).update(last_login=timezone.now())
    saved_later = old_session(user, age=timedelta(minutes=1))
    assert client_with(saved_later).get(DEVICES).status_code == 302


def test_what_ended_before_the_adoption_began_is_not_adopted(
    user: Any, other_user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    mine, theirs = old_session(user), old_session(other_user)
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)
    adopting()
    assert client_with(mine).get(DEVICES).status_code == 302
    assert client_with(theirs).get(DEVICES).status_code == 200


def test_a_setting_that_makes_no_sense_is_named(settings: Any) -> None:
    def ids(**given: Any) -> list[str | None]:
        settings.SESSIONS_UI = given
        return [message.id for message in checks.adoption()]

    until = timezone.now() + timedelta(days=1)
    assert ids() == []
    assert ids(ADOPT_FROM="db", ADOPT_UNTIL=until) == []
    assert ids(ADOPT_FROM="cache", ADOPT_UNTIL=until) == ["sessions_ui.E012"]
    assert ids(ADOPT_FROM="db") == []
    assert ids(ADOPT_FROM="db", ADOPT_UNTIL=until - timedelta(days=9)) == ["sessions_ui.W013"]
    settings.USE_TZ = True
    assert ids(ADOPT_FROM="db", ADOPT_UNTIL=until.replace(tzinfo=None)) == ["sessions_ui.E012"]
    settings.USE_TZ = False
    assert ids(ADOPT_FROM="db", ADOPT_UNTIL=until.replace(tzinfo=None)) == []
    assert ids(ADOPT_FROM="db", ADOPT_UNTIL=until.replace(tzinfo=UTC) - timedelta(days=9)) == [
        "sessions_ui.W013"
    ]


def test_an_adoption_that_is_rolled_back_with_its_view_signs_nobody_out(
    user: Any, old_session: OldSessions, adopting: Any
) -> None:
    """ATOMIC_REQUESTS, and a view that raises Http404 after it has written the session."""
    adopting()
    key = old_session(user)
    store = SessionStore(key)
    with pytest.raises(Http404), transaction.atomic():
        assert store.get_user() == user
        store["seen"] = 1
        raise Http404
    assert not Session.objects.exists()
    store.save()
    later = SessionStore(key)
    assert later.get_user() == user and later["seen"] == 1
