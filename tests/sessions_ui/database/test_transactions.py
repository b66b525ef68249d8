"""What the database refuses is repeated where the transaction is ours, and nowhere else (`transactions.py`)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from importlib import import_module
from typing import Any
from unittest.mock import patch

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, path
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.endings.end import end_sessions, end_user_sessions
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.database import transactions
from sessions_ui.database.transactions import follow, in_transaction, is_passing, noted, once, retried
from sessions_ui.exceptions import DoneInPart, OutcomeUnknown, SessionEnded, TryAgain
from sessions_ui.store import SessionStore
from tests.aging import settle
from tests.conftest import Browser
from tests.models import AccountState, Act, Delivery, EndReason, Event, Session

DEVICES = "/account/devices/"


class Refused(Exception):
    """What a driver raises."""

    def __init__(self, *args: Any, **codes: str) -> None:
        super().__init__(*args)
        self.__dict__.update(codes)


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = code
    return error


def as_django_raises_it(cause: Exception) -> OperationalError:
    error = OperationalError(*cause.args)
    error.__cause__ = cause
    return error


PASSING = {
    "PostgreSQL: serialization failure": Refused("could not serialize", sqlstate="40001"),
    "PostgreSQL: deadlock": Refused("deadlock detected", sqlstate="40P01"),
    "PostgreSQL: lock timeout": Refused("lock timeout", sqlstate="55P03"),
    "PostgreSQL by psycopg2: deadlock": Refused("deadlock detected", pgcode="40P01"),
    "MariaDB: deadlock": Refused(1213, "Deadlock found when trying to get lock"),
    "MariaDB: lock timeout": Refused(1205, "Lock wait timeout exceeded"),
    "MariaDB: changed since it was read": Refused(1020, "Record has changed since last read"),
    "MariaDB: deadlock about a next key": Refused(1467, "Failed to read auto-increment value"),
    "Galera: not ready": Refused(1047, "WSREP has not yet prepared node for application use"),
    "SQLite: busy": sqlite_error(sqlite3.SQLITE_BUSY),
    "SQLite: locked": sqlite_error(sqlite3.SQLITE_LOCKED),
    "SQLite: busy, since somebody else has written": sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT),
}
LOST = {
    "PostgreSQL: connection lost": Refused("server closed the connection unexpectedly"),
    "PostgreSQL: shutting down": Refused("terminating connection", sqlstate="57P01"),
    "MariaDB: server has gone away": Refused(2006, "Server has gone away"),
    "MariaDB: connection lost": Refused(2013, "Lost connection to server during query"),
    "no number at all": Refused(),
}
LASTING = {
    "PostgreSQL: disk full": Refused("could not extend file", sqlstate="53100"),
    "SQLite: disk full": sqlite_error(sqlite3.SQLITE_FULL),
}
STOPPED = {
    "PostgreSQL: a statement took too long": Refused("statement timeout", sqlstate="57014"),
    "PostgreSQL by psycopg2: an administrator stopped it": Refused("user request", pgcode="57014"),
    "MariaDB: a statement took too long": Refused(
        1969, "Query execution was interrupted (max_statement_time)"
    ),
    "MySQL: a statement took too long": Refused(3024, "Query execution was interrupted"),
    "MariaDB: an administrator stopped it": Refused(1317, "Query execution was interrupted"),
    "SQLite: interrupted": sqlite_error(sqlite3.SQLITE_INTERRUPT),
}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits: each pause only moves the clock, and is noted."""
    pauses: list[float] = []
    monkeypatch.setattr(transactions.time, "monotonic", lambda: sum(pauses))
    monkeypatch.setattr(transactions.time, "sleep", pauses.append)
    return pauses


class Busy:
    """A database that refuses the first `times` statements that end sessions with this error."""

    def __init__(self, cause: Exception, times: float) -> None:
        self.cause, self.left, self.tries = cause, times, 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if re.match("UPDATE .sessions_ui_session. SET .ended_at.", sql):
            self.tries += 1
            if self.left > 0:
                self.left -= 1
                raise as_django_raises_it(self.cause)
        return execute(sql, params, many, context)


def refuse(times: float, cause: Exception | None = None) -> Any:
    return Busy(cause or PASSING["PostgreSQL: serialization failure"], times)


def everything() -> list[Any]:
    models: list[Any] = [Session, Act, Event, Delivery, AccountState]
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.fixture
def ada(transactional_db: None, user: Any) -> Any:
    Browser().force_login(user)
    return user


@pytest.fixture
def stranger(other_user: Any) -> Iterator[None]:
    Browser().force_login(other_user)
    before = list(Session.objects.of(other_user).values())
    yield
    assert list(Session.objects.of(other_user).values()) == before


def end(user: Any) -> Any:
    return end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)


# --- Which errors pass


@pytest.mark.parametrize("error", PASSING)
def test_an_error_that_may_not_happen_the_next_time_is_passing(error: str) -> None:
    assert is_passing(as_django_raises_it(PASSING[error]))


@pytest.mark.parametrize("cause", [*LASTING.values(), *LOST.values(), *STOPPED.values()])
def test_any_other_error_is_not_passing(cause: Refused) -> None:
    assert not is_passing(as_django_raises_it(cause))


# --- A transaction of ours


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize("times", [1, 5, 30])
@pytest.mark.parametrize("error", PASSING)
def test_what_the_database_refuses_is_done_at_a_later_try(error: str, times: int, ada: Any) -> None:
    busy = refuse(times, PASSING[error])
    with connection.execute_wrapper(busy):
        receipt = end(ada)
    assert (receipt.ended, busy.tries) == (1, times + 1)
    assert Session.objects.of(ada).get().end_reason == EndReason.SIGNED_OUT_EVERYWHERE
    assert Act.objects.get().count == 1
    assert Event.objects.filter(kind=Event.Kind.ENDED, user_id=ada.pk).count() == 1
    assert AccountState.objects.get(pk=ada.pk).epoch == 1, "decided once, however often it was tried"


@pytest.mark.usefixtures("stranger")
def test_after_ten_seconds_nothing_was_changed_and_it_may_be_tried_again(
    ada: Any, clock: list[float]
) -> None:
    before = everything()
    busy = refuse(float("inf"))
    with connection.execute_wrapper(busy), pytest.raises(TryAgain) as caught:
        end(ada)
    assert caught.value.__cause__ is not None
    assert 10 < sum(clock) < 10.5
    assert busy.tries == len(clock) + 1 > 40
    assert max(clock) <= 0.25
    assert everything() == before


def test_the_pauses_grow_and_no_two_are_alike(ada: Any, clock: list[float]) -> None:
    """Lest two that refuse each other do so for ever."""
    with connection.execute_wrapper(refuse(12)):
        end(ada)
    longest = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, *[0.25] * 6]
    assert all(bound / 2 <= pause <= bound for pause, bound in zip(clock, longest, strict=True))
    assert len(set(clock)) == 12


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize("error", LASTING)
def test_any_other_error_is_raised_as_it_is_at_the_first_try(
    error: str, ada: Any, clock: list[float]
) -> None:
    before = everything()
    busy = refuse(1, LASTING[error])
    with connection.execute_wrapper(busy), pytest.raises(OperationalError) as caught:
        end(ada)
    assert not isinstance(caught.value, TryAgain)
    assert caught.value.__cause__ is LASTING[error]
    assert (busy.tries, clock) == (1, [])
    assert everything() == before


def test_what_a_failed_try_left_for_after_the_commit_does_not_happen(transactional_db: None) -> None:
    done: list[str] = []
    tries = iter(["first", "second"])

    def work() -> str:
        name = next(tries)
        transaction.on_commit(lambda: done.append(name))
        if name == "first":
            raise as_django_raises_it(PASSING["PostgreSQL: deadlock"])
        return name

    assert in_transaction(work) == "second"
    assert done == ["second"]


def test_what_is_not_the_databases_error_is_not_tried_again(transactional_db: None) -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        raise ValueError

    with pytest.raises(ValueError):
        in_transaction(work)
    assert len(tries) == 1


def test_one_transaction_of_ours_inside_another_is_tried_again_as_a_whole(transactional_db: None) -> None:
    tries: list[str] = []

    def inner() -> None:
        tries.append("inner")
        if len(tries) == 2:
            raise as_django_raises_it(PASSING["PostgreSQL: deadlock"])

    def outer() -> None:
        tries.append("outer")
        in_transaction(inner)

    in_transaction(outer)
    assert tries == ["outer", "inner", "outer", "inner"]


def test_a_single_statement_is_tried_again(transactional_db: None, clock: list[float]) -> None:
    tries = []

    def statement() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise as_django_raises_it(PASSING["MariaDB: deadlock"])
        return 7

    assert retried(statement) == 7
    assert len(clock) == 2


def test_what_was_given_up_inside_is_not_tried_for_another_ten_seconds(
    transactional_db: None, clock: list[float]
) -> None:
    tries = []

    def given_up() -> None:
        tries.append(1)
        raise TryAgain

    with pytest.raises(TryAgain):
        retried(given_up)
    assert (len(tries), clock) == (1, [])


@pytest.mark.parametrize("error", [*PASSING, *STOPPED])
def test_what_cannot_be_repeated_is_tried_once_and_says_try_again(
    error: str, ada: Any, clock: list[float]
) -> None:
    busy = refuse(1, {**PASSING, **STOPPED}[error])
    with connection.execute_wrapper(busy), pytest.raises(TryAgain):
        once(lambda: Session.objects.of(ada).update(ended_at=timezone.now()))
    assert (busy.tries, clock) == (1, [])
    assert Session.objects.of(ada).get().ended_at is None


@pytest.mark.parametrize("error", LASTING)
def test_what_cannot_be_repeated_raises_any_other_error_as_it_is(error: str, ada: Any) -> None:
    with connection.execute_wrapper(refuse(1, LASTING[error])), pytest.raises(OperationalError) as raised:
        once(lambda: Session.objects.of(ada).update(ended_at=timezone.now()))
    assert not isinstance(raised.value, TryAgain)


def test_what_says_itself_that_nobody_knows_is_not_put_into_other_words(transactional_db: None) -> None:
    def work() -> None:
        raise OutcomeUnknown

    with pytest.raises(OutcomeUnknown):
        once(work)


@pytest.mark.parametrize(
    ("refusals", "raised"),
    [
        ([SessionEnded("not_me"), None, TryAgain()], SessionEnded),
        ([TryAgain(), SessionEnded("not_me")], DoneInPart),
        ([None, OutcomeUnknown()], DoneInPart),
        ([None, None], None),
    ],
)
def test_after_a_save_every_step_is_tried_and_the_first_refusal_is_told(
    refusals: list[Exception | None], raised: type[Exception] | None, transactional_db: None
) -> None:
    tried: list[Exception | None] = []

    def step(error: Exception | None) -> None:
        tried.append(error)
        if error is not None:
            raise error

    with pytest.raises(raised) if raised else nullcontext():
        follow([partial(step, error) for error in refusals], using="default")
    assert tried == refusals


def test_an_action_keeps_its_name_and_its_documentation() -> None:
    assert (end_sessions.__name__, end_sessions.__module__) == (
        "end_sessions",
        "sessions_ui.actions.endings.end",
    )
    assert (end_sessions.__doc__ or "").startswith("End every session of the queryset")


@pytest.mark.parametrize("deferred", [True, False])
def test_sqlite_is_written_to_first_where_it_takes_the_lock_no_sooner(
    deferred: bool, transactional_db: None
) -> None:
    """Only as the outermost transaction, and on no other database."""
    capture = CaptureQueriesContext(connection)
    mode = None if deferred else "IMMEDIATE"
    with patch.object(connections["default"], "transaction_mode", mode, create=True), capture as queries:
        in_transaction(lambda: None)
        with transaction.atomic():
            in_transaction(lambda: None)
    writes = [query["sql"] for query in queries if query["sql"].startswith("DELETE ")]
    expected = ['DELETE FROM "sessions_ui_accountstate" WHERE 0']
    assert writes == (expected if deferred and connection.vendor == "sqlite" else [])


def test_how_a_commit_is_made_is_set_on_postgresql_only(user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SYNCHRONOUS_COMMIT": "on"}
    with CaptureQueriesContext(connection) as queries:
        end_user_sessions(user=user, reason=EndReason.API)
    is_set = any("synchronous_commit" in query["sql"] for query in queries)
    assert is_set is (connection.vendor == "postgresql")


# --- A statement that was stopped


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize("inside", [True, False], ids=["in a transaction of the host", "in ours"])
@pytest.mark.parametrize("error", STOPPED)
def test_what_was_stopped_changed_nothing_and_is_not_tried_again_at_once(
    error: str, inside: bool, ada: Any, clock: list[float]
) -> None:
    before = everything()
    busy = refuse(1, STOPPED[error])
    with (
        connection.execute_wrapper(busy),
        pytest.raises(TryAgain) as caught,
        transaction.atomic() if inside else nullcontext(),
    ):
        end(ada)
    assert isinstance(caught.value.__cause__, OperationalError)
    assert (busy.tries, clock) == (1, [])
    assert everything() == before


@pytest.mark.parametrize("error", STOPPED)
def test_what_is_only_noted_is_left_where_it_was_stopped(error: str, transactional_db: None) -> None:
    def statement() -> None:
        raise as_django_raises_it(STOPPED[error])

    noted(statement, using="default")
    with transaction.atomic():
        noted(statement, using="default")
        assert not Act.objects.exists(), "the transaction goes on"


def test_what_is_only_noted_says_where_the_transaction_of_the_host_is_lost_with_it(
    transactional_db: None,
) -> None:
    """MariaDB takes back the whole transaction after a deadlock, and knows no savepoint of it any more."""

    def statement() -> None:
        raise as_django_raises_it(PASSING["MariaDB: deadlock"])

    with (
        pytest.raises(TryAgain),
        transaction.atomic(),
        patch.object(connection, "savepoint_rollback", side_effect=DatabaseError("it does not exist")),
    ):
        noted(statement, using="default")


def test_a_key_is_neither_refused_nor_admitted_where_the_transaction_of_the_host_is_lost(ada: Any) -> None:
    """What should have ended is ended where it is found; after a deadlock in that nothing else can be asked."""
    client = Browser()
    client.force_login(ada)
    get_user_model().objects.filter(pk=ada.pk).update(is_active=False)
    store = SessionStore(client.cookies["sessionid"].value)

    with (
        pytest.raises(TryAgain),
        transaction.atomic(),
        patch.object(connection, "savepoint_rollback", side_effect=DatabaseError("it does not exist")),
        connection.execute_wrapper(refuse(1, PASSING["MariaDB: deadlock"])),
    ):
        store.get_user()

    assert not store.get_user().is_authenticated
    assert store.refusal == EndReason.ACCOUNT_DISABLED


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize("error", STOPPED)
def test_a_page_says_that_nothing_was_changed_where_it_took_too_long(
    error: str, ada: Any, here: Browser
) -> None:
    before = everything()
    with connection.execute_wrapper(refuse(1, STOPPED[error])):
        answer = here.post(f"{DEVICES}sign-out-everywhere/", HTTP_ACCEPT="text/html")
    assert answer.status_code == 503
    assert "nothing was changed" in answer.content.decode()
    assert everything() == before


@pytest.mark.databases("postgresql")
def test_a_statement_that_waits_too_long_for_a_lock_says_try_again(ada: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 1")

    def slow() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")

    try:
        with pytest.raises(TryAgain):
            in_transaction(slow)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")


# --- A connection that is lost


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize("error", LOST)
def test_a_connection_that_is_lost_before_the_commit_means_that_nothing_was_changed(
    error: str, ada: Any, clock: list[float]
) -> None:
    before = everything()
    busy = refuse(1, LOST[error])
    with connection.execute_wrapper(busy), pytest.raises(TryAgain) as caught:
        end(ada)
    assert isinstance(caught.value.__cause__, OperationalError)
    assert (busy.tries, clock) == (1, []), "not tried again: the server may be away for long"
    assert everything() == before


@pytest.mark.parametrize("error", LOST)
def test_a_connection_that_is_lost_at_the_commit_leaves_the_outcome_unknown(
    error: str, ada: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server made of it shows only later: here it had committed."""
    commit = connection._commit

    def commit_and_lose_the_answer() -> None:
        commit()
        raise as_django_raises_it(LOST[error])

    with monkeypatch.context() as patched:
        patched.setattr(connection, "_commit", commit_and_lose_the_answer)
        with pytest.raises(OutcomeUnknown):
            end(ada)
    assert Session.objects.of(ada).get().end_reason == EndReason.SIGNED_OUT_EVERYWHERE
    assert end(ada).ended == 0, "asking again is safe"


def test_what_is_refused_at_the_commit_is_done_at_a_later_try(
    ada: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, refusals = connection._commit, [PASSING["PostgreSQL: serialization failure"]]

    def refuse_once() -> None:
        if refusals:
            raise as_django_raises_it(refusals.pop())
        commit()

    monkeypatch.setattr(connection, "_commit", refuse_once)
    assert end(ada).ended == 1
    assert not refusals


def test_a_database_that_cannot_be_reached_has_changed_nothing(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable() -> None:
        raise as_django_raises_it(LOST["no number at all"])

    with monkeypatch.context() as patched, pytest.raises(TryAgain):
        patched.setattr(connection, "ensure_connection", unreachable)
        retried(lambda: pytest.fail("nothing is begun"))


def test_a_single_statement_whose_answer_is_lost_leaves_the_outcome_unknown(transactional_db: None) -> None:
    def statement() -> None:
        raise as_django_raises_it(LOST["PostgreSQL: connection lost"])

    with pytest.raises(OutcomeUnknown):
        retried(statement)
    with transaction.atomic(), pytest.raises(TryAgain):  # it goes with the transaction that it was part of
        retried(statement)


def test_what_is_only_noted_is_left_where_the_connection_is_lost(transactional_db: None) -> None:
    def statement() -> None:
        raise as_django_raises_it(LOST["PostgreSQL: connection lost"])

    noted(statement, using="default")
    with (
        pytest.raises(OperationalError),
        transaction.atomic(),
    ):  # a transaction that is gone is no place to go on in
        noted(statement, using="default")


# --- Inside a transaction of the host project


@pytest.mark.parametrize("inside", [True, False])
def test_what_the_commit_of_the_host_fails_with_concerns_us_only_where_we_took_part(
    inside: bool, transactional_db: None
) -> None:
    now = context.Acting()
    token = context.begin(now)
    try:
        with transaction.atomic() if inside else nullcontext():
            assert not now.took_part
            retried(lambda: None)
            assert now.took_part is inside
    finally:
        context.finish(token)


@pytest.mark.usefixtures("stranger")
def test_inside_a_transaction_of_the_host_nothing_is_tried_again(ada: Any, clock: list[float]) -> None:
    before = everything()
    busy = refuse(1)
    with connection.execute_wrapper(busy), pytest.raises(TryAgain), transaction.atomic():
        end(ada)
    assert (busy.tries, clock) == (1, [])
    assert everything() == before


@pytest.mark.usefixtures("stranger")
def test_what_the_host_did_before_is_still_the_hosts_to_keep(ada: Any) -> None:
    """Ours is a savepoint there: a host that handles `TryAgain` may go on."""
    with transaction.atomic():
        ada.name = "Lovelace"
        ada.save(update_fields=["name"])
        with connection.execute_wrapper(refuse(1)), pytest.raises(TryAgain):
            end(ada)
    ada.refresh_from_db()
    assert ada.name == "Lovelace"
    assert Session.objects.of(ada).get().is_living
    assert not Act.objects.exists() and not Delivery.objects.exists()


def test_inside_a_transaction_of_the_host_a_single_statement_is_not_tried_again(
    transactional_db: None,
) -> None:
    tries = []

    def statement() -> None:
        tries.append(1)
        raise as_django_raises_it(PASSING["MariaDB: deadlock"])

    with transaction.atomic(), pytest.raises(TryAgain):
        retried(statement)
    assert len(tries) == 1


# --- After a row of the host that no transaction takes back


def change_password(user: Any) -> None:
    user.set_password("a horse of another colour")
    user.save()


def disable(user: Any) -> None:
    user.is_active = False
    user.save()


def change_email(user: Any) -> None:
    user.email = "ada@new.example"
    user.save()


def change_email_and_disable(user: Any) -> None:
    user.email = "ada@new.example"
    disable(user)


CHANGES = [change_password, disable, change_email, change_email_and_disable]


@pytest.fixture
def email_change_ends_all(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "EMAIL_CHANGE_ENDS": "all"}


def stored(user: Any) -> tuple[Any, ...]:
    return tuple(type(user).objects.filter(pk=user.pk).values_list("password", "is_active", "email").get())


@pytest.mark.usefixtures("stranger", "email_change_ends_all")
@pytest.mark.parametrize("change", CHANGES)
def test_a_user_who_is_saved_in_no_transaction_is_not_said_to_be_unchanged(change: Any, ada: Any) -> None:
    before = stored(ada)
    with connection.execute_wrapper(refuse(float("inf"))), pytest.raises(DoneInPart):
        change(ada)
    assert stored(ada) != before
    assert Session.objects.of(ada).living().count() == 1


@pytest.mark.usefixtures("stranger", "email_change_ends_all")
@pytest.mark.parametrize("change", CHANGES)
def test_a_user_who_is_saved_in_a_transaction_is_unchanged_where_nothing_could_be_ended(
    change: Any, ada: Any
) -> None:
    before, rows = stored(ada), everything()
    with (
        connection.execute_wrapper(refuse(float("inf"))),
        pytest.raises(TryAgain),
        transaction.atomic(),
    ):
        change(ada)
    assert stored(ada) == before
    assert everything() == rows


@pytest.mark.usefixtures("stranger", "email_change_ends_all")
@pytest.mark.parametrize("change", [change_email, change_email_and_disable])
def test_the_old_address_is_told_although_nothing_could_be_ended(change: Any, ada: Any) -> None:
    old = ada.email
    with connection.execute_wrapper(refuse(float("inf"))), pytest.raises(DoneInPart):
        change(ada)
    assert Event.objects.filter(kind=Event.Kind.EMAIL_CHANGED, user_id=ada.pk).count() == 1
    assert Delivery.objects.get(event__kind=Event.Kind.EMAIL_CHANGED).receiver == old


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize("change", [change_password, disable])
def test_what_could_not_be_ended_after_a_save_is_ended_by_the_sweep(change: Any, ada: Any) -> None:
    with connection.execute_wrapper(refuse(float("inf"))), pytest.raises(DoneInPart):
        change(ada)
    assert end_unlawful() == 1
    assert not Session.objects.of(ada).living().exists()
    assert Delivery.objects.filter(user_id=ada.pk, act__isnull=False).count() == 1


@pytest.mark.usefixtures("stranger")
def test_whoever_changes_the_own_password_reads_that_it_was_saved_and_stays_signed_in(
    ada: Any, here: Browser
) -> None:
    with override_settings(ROOT_URLCONF=__name__), connection.execute_wrapper(refuse(float("inf"))):
        answer = here.post("/own-password/", HTTP_ACCEPT="text/html")
    assert answer.status_code == 503
    assert "This was saved" in answer.content.decode()
    assert here.get(DEVICES).status_code == 200
    assert end_unlawful() == 1, "the other device's"
    assert here.get(DEVICES).status_code == 200


@pytest.mark.usefixtures("stranger", "email_change_ends_all")
def test_a_second_factor_that_is_saved_in_no_transaction_is_not_said_to_be_unchanged(ada: Any) -> None:
    factors = Authenticator.objects.filter(user=ada)
    with connection.execute_wrapper(refuse(float("inf"))), pytest.raises(DoneInPart):
        Authenticator.objects.create(user=ada, type=Authenticator.Type.TOTP, data={"secret": "s"})
    assert factors.count() == 1
    factors.all().delete()


# --- Pages


def sign_everything_out(request: HttpRequest) -> HttpResponse:
    """A page of the host project's own."""
    request.user.__class__.objects.filter(pk=request.user.pk).update(name="Lovelace")
    end(request.user)
    return HttpResponse("done")


def refused_after_a_new_token(request: HttpRequest) -> HttpResponse:
    rotate_token(request)
    raise TryAgain


def change_own_password(request: HttpRequest) -> HttpResponse:
    change_password(request.user)
    return HttpResponse("done")


urlpatterns = [
    path("own-password/", change_own_password),
    path("host/", sign_everything_out),
    path("new-token/", refused_after_a_new_token),
    *import_module("config.urls").urlpatterns,
]


@pytest.fixture
def atomic_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)


@pytest.fixture
def here(ada: Any) -> Browser:
    client = Browser()
    client.sign_in(ada)
    settle(ada)
    return client


@pytest.mark.usefixtures("stranger", "atomic_requests")
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@override_settings(ROOT_URLCONF=__name__)
def test_a_page_of_the_host_in_its_own_transaction_answers_503_and_nothing_was_changed(
    accept: str, ada: Any, here: Browser
) -> None:
    before = everything()
    with connection.execute_wrapper(refuse(1)):
        answer = here.post("/host/", HTTP_ACCEPT=accept)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    if accept == "application/json":
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == 503
    else:
        assert "Please try again." in answer.content.decode()
    ada.refresh_from_db()
    assert ada.name == "Ada"
    assert everything() == before


@pytest.mark.usefixtures("stranger", "atomic_requests")
@override_settings(ROOT_URLCONF=__name__)
def test_the_same_page_a_moment_later_does_what_was_asked(ada: Any, here: Browser) -> None:
    assert here.post("/host/").content == b"done"
    assert not Session.objects.of(ada).living().exists()


@override_settings(ROOT_URLCONF=__name__)
def test_where_nothing_was_done_no_cookie_of_anybody_is_set(here: Browser) -> None:
    answer = here.post("/new-token/")
    assert answer.status_code == 503
    assert not answer.cookies


@pytest.mark.usefixtures("stranger", "atomic_requests")
def test_a_page_of_ours_tries_again_whatever_atomic_requests_says(ada: Any, here: Browser) -> None:
    busy = refuse(3)
    with connection.execute_wrapper(busy):
        answer = here.post(f"{DEVICES}sign-out-everywhere/")
    assert (answer.status_code, busy.left) == (302, 0)
    assert not Session.objects.of(ada).living().exists()


@pytest.mark.usefixtures("stranger", "atomic_requests")
def test_a_page_of_ours_answers_503_where_the_database_refuses_for_too_long(ada: Any, here: Browser) -> None:
    before = everything()
    with connection.execute_wrapper(refuse(float("inf"))):
        answer = here.post(f"{DEVICES}sign-out-everywhere/")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert everything() == before
    assert here.get(DEVICES).status_code == 200


@pytest.mark.usefixtures("stranger")
def test_a_page_says_that_nothing_was_changed_where_the_connection_was_lost_before_the_commit(
    ada: Any, here: Browser
) -> None:
    before = everything()
    with connection.execute_wrapper(refuse(1, LOST["PostgreSQL: connection lost"])):
        answer = here.post(f"{DEVICES}sign-out-everywhere/", HTTP_ACCEPT="text/html")
    assert answer.status_code == 503
    assert "nothing was changed" in answer.content.decode()
    assert not answer.cookies
    assert everything() == before


def test_a_page_says_that_nobody_knows_where_the_connection_was_lost_at_the_commit(
    ada: Any, here: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = connection._commit

    def commit_and_lose_the_answer() -> None:
        commit()
        if not Session.objects.of(ada).living().exists():
            raise as_django_raises_it(LOST["PostgreSQL: connection lost"])

    with monkeypatch.context() as patched:
        patched.setattr(connection, "_commit", commit_and_lose_the_answer)
        answer = here.post(f"{DEVICES}sign-out-everywhere/", HTTP_ACCEPT="text/html")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "We can’t tell whether this was done" in answer.content.decode()
    assert not answer.cookies


@pytest.mark.usefixtures("atomic_requests")
@override_settings(ROOT_URLCONF=__name__)
def test_a_page_of_the_host_whose_commit_is_lost_says_that_nobody_knows(
    ada: Any, here: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose() -> None:
        raise as_django_raises_it(LOST["PostgreSQL: connection lost"])

    with monkeypatch.context() as patched:
        patched.setattr(connection, "_commit", lose)
        answer = here.post("/host/", HTTP_ACCEPT="application/json")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:sessions-ui:outcome-unknown"


def views(patterns: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield str(pattern.pattern), pattern.callback


@pytest.mark.parametrize(
    ("urlconf", "least"), [("sessions_ui.web.urls", 10), ("sessions_ui.help_desk.urls", 4)]
)
def test_every_page_of_ours_keeps_its_own_transactions(urlconf: str, least: int) -> None:
    found = dict(views(get_resolver(urlconf).url_patterns))
    assert len(found) >= least
    atomic = [
        name for name, view in found.items() if "default" not in getattr(view, "_non_atomic_requests", ())
    ]
    assert not atomic
