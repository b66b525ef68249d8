"""What becomes of the sessions of other engines: one by one."""

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
from django.urls import reverse
from django.utils import timezone

from sessions_ui.actions.adopt import adopt_all
from sessions_ui.actions.adoptable import Skip
from sessions_ui.actions.end import end_user_sessions
from sessions_ui.adopt import SOURCES, present
from sessions_ui.models import Adoption, EndReason, Event, Session, digest_of
from sessions_ui.store import SessionStore
from tests.conftest import LONDON
from tests.sessions_ui.adopt.conftest import CHROME_ON_WINDOWS, OldSessions, days_ago

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]
DEVICES = "/account/devices/"


def adopt(source: str = "db", **options: Any) -> Any:
    return adopt_all(source=SOURCES[source], **options)


def output(*arguments: str) -> str:
    out = StringIO()
    call_command("adopt_sessions", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("source", ["db", "user_sessions", "qsessions"])
def test_the_same_cookie_goes_on(source: str, user: Any, old_session: OldSessions, client_with: Any) -> None:
    key = old_session(user, source=source, data={"cart": [1, 2]})
    report = adopt(source)
    assert (report.users, report.anonymous, report.skipped.total()) == (1, 0, 0)
    client = client_with(key)
    assert client.get(DEVICES).status_code == 200
    assert client.session["cart"] == [1, 2]
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_row_of_ours_holds_no_key_and_no_copy_of_djangos_three(user: Any, old_session: OldSessions) -> None:
    key = old_session(user)
    adopt()
    row = Session.objects.get()
    assert row.digest == digest_of(key)
    assert SessionStore().decode(row.payload) == {}
    assert (row.user_id, row.auth_hash) == (user.pk, user.get_session_auth_hash())


def test_anonymous_sessions_keep_their_data(old_session: OldSessions, client_with: Any) -> None:
    key = old_session(data={"cart": 3, "account_login": {"user_pk": "1"}})
    assert adopt().anonymous == 1
    assert dict(client_with(key).session.items()) == {"cart": 3}
    assert not Event.objects.exists()


def test_one_event_of_its_own_kind_says_where_it_came_from(user: Any, old_session: OldSessions) -> None:
    old_session(user, source="qsessions", ip=LONDON, user_agent=CHROME_ON_WINDOWS)
    adopt("qsessions")
    event = Event.objects.get()
    session = Session.objects.get()
    assert (event.kind, event.data, event.session_id) == ("adopted", {"source": "qsessions"}, session.pk)
    assert (event.user_id, event.device_id) == (user.pk, session.device_id)
    assert (event.detail.address, event.detail.user_agent) == (LONDON, CHROME_ON_WINDOWS)


def test_django_knows_no_client_so_neither_do_we(user: Any, old_session: OldSessions) -> None:
    old_session(user, age=timedelta(days=3))
    adopt()
    session = Session.objects.get()
    assert (session.address, session.first_address, session.place, session.method) == (None, None, None, "")
    assert session.device is not None and session.device.derived_name == "Unknown device"
    assert not session.device.cookie_digest
    assert session.signed_in_at is not None
    assert abs(session.signed_in_at - days_ago(3)) < timedelta(minutes=1)


def test_an_unknown_device_gets_its_name_at_the_next_request(
    user: Any, old_session: OldSessions, client_with: Any
) -> None:
    key = old_session(user)
    adopt()
    Session.objects.update(last_seen_at=days_ago(1))
    client_with(key).get(DEVICES)
    assert Session.objects.get().device.derived_name == "Firefox on Linux"


def test_the_last_sign_in_bounds_an_unknown_one(user: Any, old_session: OldSessions) -> None:
    get_user_model().objects.update(last_login=days_ago(5))
    old_session(user, age=timedelta(days=2))
    adopt()
    assert abs(Session.objects.get().signed_in_at - days_ago(5)) < timedelta(minutes=1)


def test_allauth_describes_djangos_rows(user: Any, old_session: OldSessions, listed_by_allauth: Any) -> None:
    key = old_session(user)
    listed_by_allauth(
        user,
        key,
        ip=LONDON,
        user_agent=CHROME_ON_WINDOWS,
        created_at=days_ago(6),
        last_seen_at=days_ago(1),
    )
    old_session(user)
    assert adopt("allauth").users == 2
    session = Session.objects.get(digest=digest_of(key))
    assert (session.address, session.first_address, session.place["city"]) == (LONDON, LONDON, "London")
    assert session.device.derived_name == "Chrome on Windows"
    assert abs(session.signed_in_at - days_ago(6)) < timedelta(minutes=1)


def test_copies_in_the_payload_of_qsessions_stay_behind(user: Any, old_session: OldSessions) -> None:
    old_session(user, source="qsessions", data={"_qsessions_ip": LONDON, "_qsessions_user_agent": "x"})
    adopt("qsessions")
    assert SessionStore().decode(Session.objects.get().payload) == {}


def test_last_use_is_what_the_old_table_says(user: Any, old_session: OldSessions, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": None}
    old_session(user, source="user_sessions", age=timedelta(days=9), last_activity=days_ago(2))
    adopt("user_sessions")
    assert abs(Session.objects.get().last_seen_at - days_ago(2)) < timedelta(minutes=1)


def test_no_idle_timeout_hits_for_uses_that_nobody_noted(
    user: Any, old_session: OldSessions, client_with: Any
) -> None:
    key = old_session(user, age=timedelta(days=20))
    adopt()
    assert client_with(key).get(DEVICES).status_code == 200


def test_it_expires_as_promised_or_by_our_timeout(user: Any, old_session: OldSessions) -> None:
    soon = old_session(user, expires=timedelta(days=2))
    late = old_session(user, age=timedelta(days=1), expires=timedelta(days=90))
    adopt()
    days = {row.digest: (row.expires_at - timezone.now()).days for row in Session.objects.all()}
    assert days == {digest_of(soon): 1, digest_of(late): 28}


def test_it_says_what_it_skips_and_why(
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


def test_a_backend_that_is_gone(user: Any, old_session: OldSessions, settings: Any) -> None:
    old_session(user)
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    assert adopt().skipped[Skip.BACKEND] == 1


def test_a_fallback_of_the_secret_key_signs_nobody_out(
    user: Any, old_session: OldSessions, client_with: Any, settings: Any
) -> None:
    key = old_session(user)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [settings.SECRET_KEY]
    assert adopt().users == 1
    settings.SECRET_KEY_FALLBACKS = []
    assert client_with(key).get(DEVICES).status_code == 200


def test_a_dry_run_writes_nothing(user: Any, old_session: OldSessions) -> None:
    old_session(user)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert "Would be adopted: 1 of users" in output("--dry-run")
    assert not Session.objects.exists()
    assert not any(query["sql"].startswith(("INSERT", "UPDATE", "DELETE")) for query in queries)


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


@pytest.mark.parametrize("rotations", [1, 2])
def test_a_key_that_was_replaced_here_does_not_come_back(
    rotations: int, user: Any, old_session: OldSessions, client_with: Any
) -> None:
    key = old_session(user)
    adopt()
    store = SessionStore(key)
    for _ in range(rotations):
        store.cycle_key()
    assert adopt().adopted == 0
    assert client_with(key).get(DEVICES).status_code != 200


def test_a_session_that_ended_here_does_not_come_back(
    user: Any, old_session: OldSessions, client_with: Any
) -> None:
    key = old_session(user)
    adopt()
    end_user_sessions(user=user, reason=EndReason.NOT_ME)
    Session.objects.all().delete()  # as the purge does it
    assert adopt().adopted == 0
    assert client_with(key).get(DEVICES).status_code == 302


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
    with pytest.raises(CommandError, match="signed_cookies"):
        output()
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


def test_the_page_lists_what_was_adopted(user: Any, old_session: OldSessions, client_with: Any) -> None:
    key = old_session(user)
    old_session(user, source="db", age=timedelta(days=2))
    adopt()
    page = client_with(key).get(reverse("sessions_ui:devices"))
    assert b"Unknown device" in page.content
