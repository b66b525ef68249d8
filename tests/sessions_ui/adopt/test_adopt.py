"""What becomes of the sessions of other engines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from sessions_ui.actions.adoption import adopt as adoption
from sessions_ui.actions.adoption.adopt import adopt_all
from sessions_ui.actions.adoption.adoptable import Skip
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.adopt import SOURCES
from sessions_ui.exceptions import TryAgain
from sessions_ui.store import SessionStore
from tests.conftest import FIREFOX_ON_LINUX, LONDON
from tests.models import EndReason, Event, EventDetail, Session, digest_of
from tests.sessions_ui.adopt.conftest import CHROME_ON_WINDOWS, OldSessions, days_ago

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]
DEVICES = "/account/devices/"


def adopt(source: str = "db", **options: Any) -> Any:
    return adopt_all(source=SOURCES[source], **options)


@pytest.mark.parametrize("source", ["db", "user_sessions", "qsessions"])
def test_an_adopted_session_goes_on_under_the_same_cookie(
    source: str, user: Any, old_session: OldSessions, client_with: Any
) -> None:
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


def test_a_session_of_somebody_who_leaves_ends_at_the_date(
    user: Any, old_session: OldSessions, client_with: Any
) -> None:
    ends_at = timezone.now() + timedelta(days=1)
    key = old_session(user)
    offboard(user=user, ends_at=ends_at)
    adopt()
    assert client_with(key).get(DEVICES).status_code == 200
    row = Session.objects.get()
    assert (row.expires_at, row.latest_end_at) == (ends_at, ends_at)


def test_anonymous_sessions_keep_their_data(old_session: OldSessions, client_with: Any) -> None:
    key = old_session(data={"cart": 3, "account_login": {"user_pk": "1"}})
    assert adopt().anonymous == 1
    assert dict(client_with(key).session.items()) == {"cart": 3}
    assert not Event.objects.exists()


def test_one_event_of_its_own_kind_says_where_an_adopted_session_came_from(
    user: Any, old_session: OldSessions
) -> None:
    old_session(user, source="qsessions", ip=LONDON, user_agent=CHROME_ON_WINDOWS)
    adopt("qsessions")
    event = Event.objects.get()
    session = Session.objects.get()
    assert (event.kind, event.data, event.session_id) == ("adopted", {"source": "qsessions"}, session.pk)
    assert (event.user_id, event.device_id) == (user.pk, session.device_id)
    assert (event.detail.address, event.detail.user_agent) == (LONDON, CHROME_ON_WINDOWS)


def test_each_batch_writes_the_details_of_its_own_sessions_once(user: Any, old_session: OldSessions) -> None:
    addresses = {"192.0.2.1", "192.0.2.2", "192.0.2.3"}
    for address in sorted(addresses):
        old_session(user, source="qsessions", ip=address, user_agent=CHROME_ON_WINDOWS)
    assert adopt("qsessions", batch_size=1).users == 3
    found = {(event.session.address, event.detail.address) for event in Event.objects.all()}
    assert found == {(address, address) for address in addresses}
    assert EventDetail.objects.count() == Event.objects.count() == 3


def test_django_knows_no_client_so_neither_do_we(user: Any, old_session: OldSessions) -> None:
    old_session(user, age=timedelta(days=3))
    adopt()
    session = Session.objects.get()
    assert (session.address, session.first_address, session.place, session.method) == (None, None, None, "")
    assert (session.authentication, session.assurance_level) == (None, 0)
    assert session.device is not None and session.device.derived_name == "Unknown device"
    assert not session.device.cookie_digest
    assert session.signed_in_at is not None
    assert abs(session.signed_in_at - days_ago(3)) < timedelta(minutes=1)


def verdict_of_a_sign_in(browser: Any, user: Any, user_agent: str) -> str:
    browser(user_agent=user_agent).sign_in(user)
    return Session.objects.latest("pk").verdict


def test_a_browser_that_was_adopted_is_not_flagged_as_new_when_it_signs_in_for_the_first_time(
    user: Any, old_session: OldSessions, browser: Any
) -> None:
    """Else everybody would be told of a new device when a project begins to use the app. Once: it has a cookie then."""
    old_session(user, source="qsessions", ip=LONDON, user_agent=CHROME_ON_WINDOWS)
    adopt("qsessions")
    found = [verdict_of_a_sign_in(browser, user, it) for it in (FIREFOX_ON_LINUX, *[CHROME_ON_WINDOWS] * 2)]
    assert found == ["new", "", "new"]


def test_a_browser_that_was_adopted_unknown_can_be_any_once(
    user: Any, old_session: OldSessions, browser: Any
) -> None:
    old_session(user)
    adopt()
    found = [verdict_of_a_sign_in(browser, user, it) for it in (FIREFOX_ON_LINUX, CHROME_ON_WINDOWS)]
    assert found == ["", "new"]


def test_an_unknown_device_gets_its_name_at_the_next_request(
    user: Any, old_session: OldSessions, client_with: Any
) -> None:
    key = old_session(user)
    adopt()
    Session.objects.update(last_seen_at=days_ago(1))
    client_with(key).get(DEVICES)
    assert Session.objects.get().device.derived_name == "Firefox on Linux"


def test_the_last_sign_in_bounds_an_unknown_one(user: Any, old_session: OldSessions) -> None:
    get_user_model().objects.filter(pk=user.pk).update(last_login=days_ago(5))
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


def test_an_adopted_session_expires_as_promised_or_by_our_timeout(
    user: Any, old_session: OldSessions
) -> None:
    soon = old_session(user, expires=timedelta(days=2))
    late = old_session(user, age=timedelta(days=1), expires=timedelta(days=90))
    adopt()
    days = {row.digest: (row.expires_at - timezone.now()).days for row in Session.objects.all()}
    assert days == {digest_of(soon): 1, digest_of(late): 28}


def test_an_adopted_session_that_was_not_to_be_remembered_ends_as_soon_as_ours_do(
    user: Any, old_session: OldSessions, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "NOT_REMEMBERED_TIMEOUT": timedelta(hours=12)}
    forgetful = old_session(user, data={"_session_expiry": 0})
    faithful = old_session(user)
    adopt()
    lasts = {row.digest: row.expires_at - row.signed_in_at for row in Session.objects.all()}
    assert lasts[digest_of(forgetful)] == timedelta(hours=12)
    assert lasts[digest_of(faithful)] > timedelta(days=9)


def test_a_user_whose_key_is_none_of_this_site_does_not_exist(old_session: OldSessions) -> None:
    """Of another user model, perhaps, in the days of the old engine."""
    old_session(data={"_auth_user_id": "ada", "cart": 3})
    report = adopt()
    assert (report.adopted, report.skipped[Skip.USER_GONE]) == (0, 1)
    assert not Session.objects.exists()


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


def test_the_page_lists_what_was_adopted(user: Any, old_session: OldSessions, client_with: Any) -> None:
    key = old_session(user)
    old_session(user, source="db", age=timedelta(days=2))
    adopt()
    page = client_with(key).get(reverse("sessions_ui:devices"))
    assert b"Unknown device" in page.content


@pytest.fixture
def taken(monkeypatch: Any) -> list[Any]:
    """Whatever is adopted, somebody else has just adopted it; returns the tries."""
    tries: list[Any] = []

    def refuse(drafts: Any, run: Any) -> Any:
        tries.append(drafts)
        raise IntegrityError

    monkeypatch.setattr(adoption, "_write", refuse)
    return tries


def test_inside_a_transaction_of_the_host_what_somebody_else_adopts_is_tried_again_later(
    user: Any, old_session: OldSessions, taken: list[Any]
) -> None:
    old_session(user)
    with pytest.raises(TryAgain):
        adopt()
    assert len(taken) == 3


@pytest.mark.django_db(transaction=True)
def test_what_is_refused_three_times_is_no_success(
    user: Any, old_session: OldSessions, taken: list[Any]
) -> None:
    old_session(user)
    with pytest.raises(IntegrityError):
        adopt()
    assert len(taken) == 3
