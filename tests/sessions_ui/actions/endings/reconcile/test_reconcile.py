"""What a sweep finds is judged once more when it ends, and for the same reason as at a request (traps 11 and 15)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.reconcile.suspects import of_another_account, suspicious
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.endings.reconcile.unlawful import end_if_unlawful, why_unlawful
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.models.session import ACCOUNT_WAS_OFF
from sessions_ui.store import SessionStore
from tests.accounts.test_password import NEW_PASSWORD, change
from tests.aging import long_ago
from tests.conftest import Browser, make_person
from tests.interleaving import just_after, just_before
from tests.models import AccountState, EndReason, Session, digest_of

pytestmark = pytest.mark.django_db

DEVICES = "/account/devices/"


@pytest.fixture
def here(user: Any) -> Browser:
    client = Browser()
    client.sign_in(user)
    long_ago(user)  # so that it may change its own password
    return client


@pytest.fixture
def there(user: Any) -> Browser:
    """Another device of the same person."""
    client = Browser()
    client.sign_in(user)
    return client


@pytest.fixture(autouse=True)
def stranger(other_user: Any) -> Iterator[None]:
    """Somebody else's session, which no sweep ends."""
    Browser().sign_in(other_user)
    before = list(Session.objects.of(other_user).values())
    yield
    assert list(Session.objects.of(other_user).values()) == before


def row_of(client: Browser) -> Session:
    return Session.objects.get(digest=digest_of(client.cookies["sessionid"].value))


def is_in(client: Browser) -> bool:
    return bool(client.get(DEVICES).status_code == 200)


# --- Trap 11: beside an own password change


def second_tab(here: Browser) -> Callable[[], Any]:
    tab = Browser()
    tab.cookies["sessionid"] = here.cookies["sessionid"].value

    def request() -> None:
        assert is_in(tab)

    return request


@pytest.mark.parametrize("beside", ["the sweep", "a second tab", "both"])
def test_nothing_ends_the_session_that_is_changing_its_own_password(
    beside: str, here: Browser, there: Browser, user: Any
) -> None:
    """Between the UPDATE of the user and the moment at which the session is told."""
    kept, other = row_of(here).pk, row_of(there).pk
    tab = second_tab(here)

    def meanwhile() -> None:
        if beside != "a second tab":
            end_unlawful()
        if beside != "the sweep":
            tab()

    with just_after("UPDATE .accounts_user. SET .*.password.", meanwhile):
        answer = change(here)
    assert answer.status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert is_in(here) and not is_in(there)
    row = Session.objects.get(pk=kept)
    assert (row.ended_at, row.next_auth_hash) == (None, "")
    assert Session.objects.get(pk=other).end_reason == EndReason.PASSWORD_CHANGED
    end_unlawful()
    assert is_in(here)


def test_the_session_that_announced_a_new_password_is_refused_where_another_one_was_set(
    here: Browser, user: Any
) -> None:
    """A hash that was announced is no licence: the password that was saved must be that one."""
    store = SessionStore(here.cookies["sessionid"].value)
    user.set_password("announced and never saved")
    store.expect_password_change(user)
    get_user_model().objects.filter(pk=user.pk).update(password=make_password("somebody else's"))
    assert end_unlawful() == 1
    assert row_of(here).end_reason == EndReason.PASSWORD_CHANGED
    assert not is_in(here)


def test_the_session_that_announced_a_new_password_goes_on_with_the_old_one_where_none_was_saved(
    here: Browser, user: Any
) -> None:
    """The request that was to save it has failed: the sweep, which looks at this one for another reason, must not give
    it the hash of a password that nobody has."""
    before = row_of(here).auth_hash
    user.set_password(NEW_PASSWORD)
    SessionStore(here.cookies["sessionid"].value).expect_password_change(user)
    assert end_if_unlawful([row_of(here).pk]) == 0
    assert row_of(here).auth_hash == before
    assert is_in(here)


def test_another_session_of_the_same_person_ends_where_one_announced_the_new_password(
    here: Browser, there: Browser, user: Any
) -> None:
    store, other = SessionStore(here.cookies["sessionid"].value), row_of(there)
    user.set_password(NEW_PASSWORD)
    store.expect_password_change(user)
    get_user_model().objects.filter(pk=user.pk).update(password=user.password)
    assert not is_in(there)
    assert end_unlawful() == 0
    other.refresh_from_db()
    assert other.end_reason == EndReason.PASSWORD_CHANGED
    assert is_in(here)


# --- Trap 11: found by the sweep, and lawful again before it ends


def test_a_session_of_an_unknown_kind_is_compared_with_the_password(here: Browser, user: Any) -> None:
    """A later release made it, and was taken back; where users cannot be joined, its kind is asked for by name."""
    Session.objects.of(user).update(kind="later")
    session = Session.objects.of(user).get()
    assert session.pk not in of_another_account(Session.objects.living())
    Session.objects.of(user).update(auth_hash="of another password")
    assert session.pk in of_another_account(Session.objects.living())


def test_a_session_of_an_unknown_kind_times_out(here: Browser, user: Any) -> None:
    Session.objects.of(user).update(kind="later")
    too_old(Session.objects.of(user))
    end_unlawful()
    assert Session.objects.of(user).get().end_reason == EndReason.IDLE_TIMEOUT


def too_old(row: Any) -> None:
    row.update(last_seen_at=timezone.now() - timedelta(days=15))


def touched(row: Any) -> None:
    row.update(last_seen_at=timezone.now())


def run_out(row: Any) -> None:
    row.update(expires_at=timezone.now() - timedelta(seconds=1))


def prolonged(row: Any) -> None:
    row.update(expires_at=timezone.now() + timedelta(days=1))


def disabled(row: Any) -> None:
    get_user_model().objects.filter(pk__in=row.values("user_id")).update(is_active=False)


def enabled(row: Any) -> None:
    get_user_model().objects.filter(pk__in=row.values("user_id")).update(is_active=True)


def due(row: Any) -> None:
    AccountState.objects.filter(pk__in=row.values("user_id")).update(
        ends_at=timezone.now() - timedelta(days=1)
    )


def cancelled(row: Any) -> None:
    AccountState.objects.filter(pk__in=row.values("user_id")).update(ends_at=None)


def marked_off(row: Any) -> None:
    row.update(auth_hash=ACCOUNT_WAS_OFF)


def signed_in_anew(row: Any) -> None:
    row.update(auth_hash=row.get().user.get_session_auth_hash())


@pytest.mark.parametrize(
    ("unlawful", "lawful"),
    [
        (too_old, touched),
        (run_out, prolonged),
        (disabled, enabled),
        (due, cancelled),
        (marked_off, signed_in_anew),
    ],
    ids=lambda change: change.__name__,
)
def test_a_session_that_became_lawful_before_its_ending_is_not_ended(
    unlawful: Callable[[Any], None], lawful: Callable[[Any], None], here: Browser, there: Browser, user: Any
) -> None:
    row = Session.objects.filter(pk=row_of(here).pk)
    unlawful(row)
    # The sweep has chosen whom to look at, and now names the owners of those.
    with just_before("SELECT .*sessions_ui_session.* IN \\(", lambda: lawful(row)):
        assert end_unlawful() == 0
    assert row.get().ended_at is None
    assert is_in(here) and is_in(there)


# --- Trap 15: one order of reasons


def account_deleted(row: Any) -> None:
    for pk in row.values_list("user_id", flat=True).distinct():
        EmailAddress.objects.filter(user_id=pk).delete()
        users = get_user_model().objects.filter(pk=pk)
        users._raw_delete(users.db)


def password_changed(row: Any) -> None:
    users = get_user_model().objects.filter(pk__in=row.values("user_id"))
    users.update(password=make_password("another"))


def out_of_absolute_time(row: Any) -> None:
    row.update(signed_in_at=timezone.now() - timedelta(days=31))


def offboarding_date_over(row: Any) -> None:
    """As `offboard()` leaves it, when its date has passed."""
    over = timezone.now() - timedelta(hours=1)
    AccountState.objects.filter(pk__in=row.values("user_id")).update(ends_at=over)
    row.update(latest_end_at=over, expires_at=over)


# In the order in which they are named: of two the first.
CAUSES: dict[str, tuple[Callable[[Any], None], EndReason]] = {
    "account deleted": (account_deleted, EndReason.ACCOUNT_DELETED),
    "account disabled": (disabled, EndReason.ACCOUNT_DISABLED),
    "account was off": (marked_off, EndReason.ACCOUNT_DISABLED),
    "password changed": (password_changed, EndReason.PASSWORD_CHANGED),
    "absolute timeout": (out_of_absolute_time, EndReason.ABSOLUTE_TIMEOUT),
    "offboarding date over": (offboarding_date_over, EndReason.OFFBOARDED),
    "idle timeout": (too_old, EndReason.IDLE_TIMEOUT),
    "expired": (run_out, EndReason.IDLE_TIMEOUT),
}


def at_a_request(client: Browser) -> str:
    store = SessionStore(client.cookies["sessionid"].value)
    assert not store.get_user().is_authenticated
    assert store.refusal == row_of(client).end_reason
    return str(store.refusal)


@pytest.mark.parametrize("name", CAUSES)
def test_each_cause_alone_is_named_by_a_request_and_by_the_sweep(
    name: str, here: Browser, there: Browser, user: Any
) -> None:
    cause, reason = CAUSES[name]
    cause(Session.objects.of(user))
    assert at_a_request(here) == reason
    assert end_unlawful() == 1
    assert row_of(there).end_reason == reason


def test_a_token_of_an_account_that_was_off_is_found_by_the_sweep(user: Any) -> None:
    """It holds no password, so that nothing but the mark tells it from others once the account is on again."""
    expires_at = timezone.now() + timedelta(days=3)
    old, new = (
        create_token(user=user, name=name, scopes=["sessions:read"], expires_at=expires_at).token.session
        for name in ("Of before", "Of afterwards")
    )
    marked_off(Session.objects.filter(pk=old.pk))
    assert list(Session.objects.filter(suspicious(timezone.now()))) == [old]
    assert end_unlawful() == 1
    assert Session.objects.get(pk=old.pk).end_reason == EndReason.ACCOUNT_DISABLED
    assert Session.objects.get(pk=new.pk).ended_at is None


@pytest.mark.parametrize("turned_round", [False, True], ids=["", "turned round"])
@pytest.mark.parametrize("names", list(combinations(CAUSES, 2)), ids=" and ".join)
def test_of_two_causes_a_request_and_the_sweep_name_the_same_one(
    names: tuple[str, str], turned_round: bool, here: Browser, there: Browser, user: Any
) -> None:
    """Whichever was there first."""
    for name in reversed(names) if turned_round else names:
        CAUSES[name][0](Session.objects.of(user))
    named = at_a_request(here)
    assert end_unlawful() == 1
    assert row_of(there).end_reason == named == CAUSES[names[0]][1]


@pytest.mark.parametrize("name", CAUSES)
def test_a_sign_in_under_way_is_refused_where_the_sweep_found_the_account_off_or_gone(
    name: str, here: Browser, user: Any
) -> None:
    """The account may be on again before it goes on; what a session alone ends for says nothing of the account."""
    cause, reason = CAUSES[name]
    cause(Session.objects.of(user))
    epochs = AccountState.objects.filter(pk=user.pk).values_list("epoch", flat=True)
    before = epochs.get()
    assert end_unlawful() == 1
    decided = reason in (EndReason.ACCOUNT_DISABLED, EndReason.ACCOUNT_DELETED)
    assert (epochs.get() != before) is decided


def test_a_round_reads_the_users_of_its_range_in_one_statement(here: Browser, there: Browser) -> None:
    end_unlawful()  # the cursor is there
    with CaptureQueriesContext(connection) as statements:
        assert end_unlawful() == 0
    # Beside it the owners of service accounts are read, once a run.
    of_range = [
        query["sql"] for query in statements.captured_queries if "sessions_ui_session" in query["sql"]
    ]
    about_users = [sql for sql in of_range if "accounts_user" in sql]
    assert len(about_users) == 1
    assert "LEFT OUTER JOIN" in about_users[0]  # an account that is gone is found
    jit = [query["sql"] for query in statements.captured_queries if "jit" in query["sql"]]
    # For the range, and for what their providers have signed out.
    assert jit == (["SET LOCAL jit = off"] * 2 if connection.vendor == "postgresql" else [])


def test_the_agreed_end_of_somebody_else_ends_nothing(user: Any, other_user: Any) -> None:
    Browser().sign_in(user)
    AccountState.objects.update_or_create(
        user_id=other_user.pk, defaults={"ends_at": timezone.now() - timedelta(days=1)}
    )
    session = Session.objects.of(user).get()
    assert why_unlawful(session, timezone.now()) is None
    AccountState.objects.filter(pk=user.pk).update(ends_at=timezone.now() - timedelta(days=1))
    assert why_unlawful(session, timezone.now()) == "offboarded"


@pytest.mark.parametrize(("ends_in", "has_left"), [(-1, True), (1, False), (None, False)])
def test_what_another_engine_holds_is_over_only_where_this_account_has_left(
    ends_in: int | None, has_left: bool, here: Browser, user: Any
) -> None:
    """An end that was put off or cancelled is still that of the sessions of before, and says no more."""
    over = timezone.now() - timedelta(hours=1)
    AccountState.objects.create(user_id=make_person("left@people.example").pk, ends_at=over)
    ends_at = None if ends_in is None else timezone.now() + timedelta(days=ends_in)
    AccountState.objects.filter(pk=user.pk).update(ends_at=ends_at, cut_at=None)
    Session.objects.of(user).update(latest_end_at=over, expires_at=over)
    assert end_unlawful() == 1
    assert row_of(here).end_reason == EndReason.OFFBOARDED
    assert AccountState.objects.filter(pk=user.pk, cut_at__isnull=False).exists() is has_left


def test_only_a_right_that_somebody_had_when_they_signed_in_is_missed(user: Any) -> None:
    """`ACCESS_FLAGS` names both; this person has never been a superuser."""
    people = get_user_model().objects.filter(pk=user.pk)
    people.update(is_staff=True)
    browser = Browser()
    browser.sign_in(user)
    assert row_of(browser).access_flags == ",is_staff,"
    assert end_unlawful() == 0
    people.update(is_staff=False)
    assert end_unlawful() == 1
    assert row_of(browser).end_reason == EndReason.ACCESS_CHANGED
