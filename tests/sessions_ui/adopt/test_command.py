"""`manage.py adopt_sessions`: all of a table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.core.signing import dumps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_ui.actions.adoption.adopt import adopt_all
from sessions_ui.actions.adoption.adoptable import Skip
from sessions_ui.adopt import SOURCES, present
from sessions_ui.store import SessionStore
from tests.conftest import LONDON
from tests.models import Adoption, EndReason, Event, Session, digest_of
from tests.sessions_ui.adopt.conftest import OldSessions, days_ago

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]
DEVICES = "/account/devices/"


def adopt(source: str = "db", **options: Any) -> Any:
    return adopt_all(source=SOURCES[source], **options)


def output(*arguments: str) -> str:
    out = StringIO()
    call_command("adopt_sessions", *arguments, stdout=out)
    return out.getvalue()


def test_adopt_says_what_it_skips_and_why(
    user: Any, other_user: Any, agent: Any, administrator: Any, old_session: OldSessions
) -> None:
    old_session(user)
    old_session(user, expires=timedelta(seconds=-1))
    old_session(user, session_data="broken")
    old_session(user, session_data=dumps({"_auth_user_id": user.pk}, key="another", salt="x"))
    old_session(user, age=timedelta(days=31))
    old_session(other_user)
    other_user.set_password("changed")
    other_user.save()
    old_session(agent)
    get_user_model().objects.filter(pk=agent.pk).update(is_active=False)
    old_session(administrator)
    administrator.emailaddress_set.all().delete()
    administrator.delete()
    before = {reason.value: count for reason, count in adopt(dry_run=True).skipped.items() if count}
    text = output("--source", "db")
    assert "Adopted: 1 of users, 0 anonymous" in text
    for reason, count in {
        Skip.EXPIRED: 1,
        Skip.UNREADABLE: 2,
        Skip.OUT_OF_TIME: 1,
        Skip.PASSWORD_CHANGED: 1,
        Skip.USER_DISABLED: 1,
        Skip.USER_GONE: 1,
    }.items():
        assert f"Not adopted: {count} {reason.value}" in text
        assert before[reason.value] == count


def test_a_dry_run_writes_nothing(user: Any, old_session: OldSessions) -> None:
    old_session(user)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert "Would be adopted: 1 of users" in output("--dry-run")
    assert not Session.objects.exists()
    assert not any(query["sql"].startswith(("INSERT", "UPDATE", "DELETE")) for query in queries)


@pytest.mark.parametrize("dry", [True, False])
def test_a_walk_that_marks_what_is_still_in_the_old_table_does_so_unless_it_is_dry(
    dry: bool, user: Any, old_session: OldSessions
) -> None:
    old_session(user)
    adopt()
    long_ago = days_ago(3)
    Adoption.objects.update(seen_at=long_ago)
    assert adopt(mark=True, dry_run=dry).skipped[Skip.ADOPTED] == 1
    assert (Adoption.objects.get().seen_at == long_ago) is dry


def test_running_it_twice_adopts_nothing_twice(user: Any, old_session: OldSessions) -> None:
    for _ in range(5):
        old_session(user)
    assert adopt(batch_size=2).users == 5
    again = adopt(batch_size=2)
    assert (again.adopted, again.skipped[Skip.ADOPTED]) == (0, 5)
    assert Session.objects.count() == Event.objects.count() == 5


def test_an_interrupted_run_goes_on(user: Any, old_session: OldSessions) -> None:
    for _ in range(5):
        old_session(user)

    def interrupt(report: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adopt(batch_size=2, progress=interrupt)
    assert Session.objects.count() == 2
    assert adopt(batch_size=2).users == 3


def test_the_cost_of_a_batch_does_not_grow_with_it(user: Any, old_session: OldSessions) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            adopt()
        return len(queries)

    old_session(user)
    one = statements()
    for _ in range(20):
        old_session(user)
    assert statements() <= one + (0 if connection.vendor != "sqlite" else 2)  # bulk_create in parts


def test_the_source_is_recognised(user: Any, old_session: OldSessions, listed_by_allauth: Any) -> None:
    assert "signed_cookies" in output()  # and no error: a new project has nothing to adopt
    key = old_session(user)
    assert [source.name for source in present("default")] == ["allauth"]
    listed_by_allauth(user, key, ip=LONDON, user_agent="", created_at=days_ago(1), last_seen_at=days_ago(1))
    assert "(source: allauth)" in output()
    old_session(user, source="qsessions")
    with pytest.raises(CommandError, match="--source"):
        output()


def test_what_was_signed_out_on_an_old_server_ends_here(
    user: Any, old_session: OldSessions, client_with: Any
) -> None:
    stays, goes = old_session(user), old_session(user)
    gone_but_rotated = old_session(user)
    adopt()
    store = SessionStore(gone_but_rotated)
    store.cycle_key()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session WHERE session_key IN (%s, %s)", [goes, gone_but_rotated])
    assert "Ended, because they had left the old table: 1" in output("--source", "db", "--end-missing")
    assert client_with(stays).get(DEVICES).status_code == 200
    assert client_with(goes).get(DEVICES).status_code == 302
    assert client_with(store.session_key).get(DEVICES).status_code == 200
    assert Session.objects.get(digest=digest_of(goes)).end_reason == EndReason.SIGNED_OUT


def test_what_was_adopted_from_one_engine_is_not_missing_in_another(
    user: Any, other_user: Any, old_session: OldSessions, client_with: Any
) -> None:
    """A site may have two old tables; each can be compared with its own sessions only."""
    theirs = old_session(other_user, source="qsessions")
    adopt("qsessions")
    goes = old_session(user)
    adopt()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session WHERE session_key = %s", [goes])
    assert "Ended, because they had left the old table: 1" in output("--source", "db", "--end-missing")
    assert client_with(goes).get(DEVICES).status_code == 302
    assert client_with(theirs).get(DEVICES).status_code == 200


def test_what_is_remembered_of_adoptions_is_purged(user: Any, old_session: OldSessions) -> None:
    old_session(user)
    adopt()
    call_command("clearsessions")
    assert Adoption.objects.count() == 1
    Adoption.objects.update(expires_at=days_ago(1))
    call_command("clearsessions")
    assert not Adoption.objects.exists() and Session.objects.get().ended_at is None


def test_nothing_prints_a_key(
    user: Any, old_session: OldSessions, caplog: Any, client_with: Callable[..., Any]
) -> None:
    key = old_session(user)
    assert key not in output("--source", "db", "--verbosity", "3") + caplog.text
    assert key not in repr(SOURCES["db"].find("default", key))
