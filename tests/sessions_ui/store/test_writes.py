"""What a request writes into its session never undoes what others decided since it read it (traps 2, 3 and 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
    login,
)
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models import Model
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.exceptions import KeyRotated, SessionEnded
from sessions_ui.models.session import ACCOUNT_WAS_OFF
from sessions_ui.store import SessionStore
from tests.conftest import PASSWORD
from tests.interleaving import just_before
from tests.models import EndReason, Session, digest_of

pytestmark = pytest.mark.django_db


def sign_in(browser: Callable[..., Any], user: Any) -> str:
    here = browser()
    here.force_login(user)
    return str(here.cookies["sessionid"].value)


@pytest.fixture
def key(user: Any, browser: Any) -> str:
    return sign_in(browser, user)


@pytest.fixture
def theirs(other_user: Any, browser: Any) -> str:
    return sign_in(browser, other_user)


@pytest.fixture
def stranger(theirs: str) -> Iterator[Session]:
    """Somebody else's session; nothing of it changes in any of these tests."""
    before = row_of(theirs)
    yield before
    assert as_dict(row_of(theirs)) == as_dict(before)


def as_dict(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def row_of(key: str) -> Session:
    return Session.objects.get(digest=digest_of(key))


def who(key: str | None) -> Any:
    user = SessionStore(key).get_user()
    return user.pk if user.is_authenticated else None


# --- Trap 2: looked up, ended, loaded once more


def save(store: SessionStore) -> None:
    store["cart"] = 2
    store.save()


def cycle(store: SessionStore) -> None:
    store.cycle_key()


def create(store: SessionStore) -> None:
    store.create()


def save_as_new(store: SessionStore) -> None:
    store._session_key = store.new_key()
    store.save(must_create=True)


@pytest.mark.parametrize("remembered", ["nothing", "what was loaded again", "what was loaded at first"])
@pytest.mark.parametrize("write", [save, cycle, create, save_as_new])
def test_what_is_loaded_again_after_its_end_signs_nobody_in(
    write: Callable[[SessionStore], None], remembered: str, user: Any, key: str, stranger: Session
) -> None:
    late = SessionStore(key)
    at_first = {**late.load(), "cart": 1}
    assert late[SESSION_KEY] == str(user.pk)
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    again = late.load()
    if remembered != "nothing":
        late._session_cache = again if remembered == "what was loaded again" else at_first
    write(late)
    assert (who(key), who(late.session_key)) == (None, None)
    assert not Session.objects.of(user).living().exists()


def test_what_is_put_into_a_session_that_has_ended_goes_on_under_a_new_key_as_nobodys(
    user: Any, key: str, stranger: Session
) -> None:
    """As a shop does it before it takes somebody to the sign-in: the cart is not lost."""
    late = SessionStore(key)
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    late["cart"] = 1
    late.cycle_key()
    assert late.session_key not in (None, key) and late.modified
    assert SessionStore(late.session_key)["cart"] == 1
    assert (who(key), who(late.session_key)) == (None, None)


# --- Trap 3: a save beside somebody else's decision


def test_a_save_keeps_the_mark_that_the_account_was_off(user: Any, key: str, stranger: Session) -> None:
    late = SessionStore(key)
    late["cart"] = 1
    Session.objects.of(user).update(auth_hash=ACCOUNT_WAS_OFF)
    late.save()
    assert row_of(key).auth_hash == ACCOUNT_WAS_OFF
    assert who(key) is None
    assert row_of(key).end_reason == EndReason.ACCOUNT_DISABLED


def test_a_save_beside_a_hash_upgrade_signs_nobody_out(
    user: Any, key: str, theirs: str, other_user: Any, stranger: Session
) -> None:
    late = SessionStore(key)
    late["cart"] = 1
    before = user.password
    user._upgrade_hash(PASSWORD)
    assert get_user_model().objects.get(pk=user.pk).password != before
    late.save()
    assert SessionStore(key)["cart"] == 1
    assert (who(key), who(theirs)) == (user.pk, other_user.pk)


def test_a_save_in_another_tab_beside_an_own_password_change_signs_nobody_out(
    user: Any, key: str, theirs: str, other_user: Any, stranger: Session
) -> None:
    late, here = SessionStore(key), SessionStore(key)
    late["cart"] = 1
    assert here.get_user() == user
    user.set_password("seven brown cows on a hill")
    here.expect_password_change(user)
    get_user_model().objects.filter(pk=user.pk).update(password=user.password)
    here.keep_after_password_change(user)
    late.save()
    assert SessionStore(key)["cart"] == 1
    assert (who(key), who(theirs)) == (user.pk, other_user.pk)
    assert row_of(key).auth_hash == user.get_session_auth_hash()


# --- Whoever writes another user into a session by hand (how that signs in: test_ways_to_sign_in.py)


def somebody_else(user: Any) -> dict[str, str]:
    return {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }


@pytest.fixture
def third(administrator: Any) -> Any:
    return administrator


def test_a_user_written_by_hand_gets_a_session_of_their_own_and_ends_the_one_that_was_read(
    user: Any, third: Any, key: str, stranger: Session
) -> None:
    by_hand = SessionStore(key)
    assert by_hand[SESSION_KEY] == str(user.pk)
    by_hand.update(somebody_else(third))
    by_hand.save()
    assert (who(key), who(by_hand.session_key)) == (None, third.pk)
    assert (row_of(key).user_id, row_of(key).end_reason) == (user.pk, EndReason.SIGNED_OUT)


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"auth_hash": ACCOUNT_WAS_OFF},
        {"auth_hash": "of a new password"},
        {"backend": "django.contrib.auth.backends.ModelBackend"},
    ],
    ids=["the account was off", "another hash", "another backend"],
)
def test_a_user_written_by_hand_does_not_undo_what_was_decided_meanwhile(
    meanwhile: dict[str, str], user: Any, third: Any, key: str, stranger: Session
) -> None:
    by_hand = SessionStore(key)
    assert by_hand[SESSION_KEY] == str(user.pk)
    by_hand.update({**somebody_else(third), "cart": 1})
    Session.objects.of(user).update(**meanwhile)
    by_hand.save()
    row = row_of(key)
    assert (row.user_id, row.end_reason) == (user.pk, EndReason.SIGNED_OUT)
    assert {name: getattr(row, name) for name in meanwhile} == meanwhile
    assert by_hand.decode(row.payload) == {}
    assert (who(by_hand.session_key), SessionStore(by_hand.session_key)["cart"]) == (third.pk, 1)


def test_a_user_written_by_hand_does_not_replace_another_one_whose_session_it_became_meanwhile(
    user: Any, third: Any, agent: Any, key: str, stranger: Session
) -> None:
    """Of some user models no session has a hash: backend and hash are the same then."""
    by_hand = SessionStore(key)
    assert by_hand[SESSION_KEY] == str(user.pk)
    by_hand.update(somebody_else(third))
    Session.objects.of(user).update(user_id=agent.pk)
    by_hand.save()
    assert row_of(key).user_id == agent.pk


def test_a_user_written_by_hand_does_not_replace_one_who_signed_in_meanwhile(
    user: Any, third: Any, stranger: Session
) -> None:
    anonymous = SessionStore()
    anonymous["cart"] = 1
    anonymous.save()
    by_hand = SessionStore(anonymous.session_key)
    by_hand.update(somebody_else(third))
    assert anonymous.session_key is not None
    Session.objects.filter(digest=digest_of(anonymous.session_key)).update(
        user_id=user.pk,
        backend=settings.AUTHENTICATION_BACKENDS[0],
        auth_hash=user.get_session_auth_hash(),
    )
    with pytest.raises(KeyRotated):
        by_hand.save()
    assert who(anonymous.session_key) == user.pk
    assert not Session.objects.of(third).exists()


def test_a_hash_written_by_hand_is_written_over_the_one_that_was_read(
    user: Any, key: str, stranger: Session
) -> None:
    """As `update_session_auth_hash()` does it, where no signal was sent."""
    by_hand = SessionStore(key)
    assert by_hand[SESSION_KEY] == str(user.pk)
    user.password = make_password("seven brown cows on a hill")
    get_user_model().objects.filter(pk=user.pk).update(password=user.password)
    by_hand[HASH_SESSION_KEY] = user.get_session_auth_hash()
    by_hand.save()
    assert who(key) == user.pk


# --- Trap 13: an anonymous session that signs in at that moment


def test_deleting_an_anonymous_session_that_signs_in_at_that_moment_ends_it(
    user: Any, stranger: Session
) -> None:
    anonymous = SessionStore()
    anonymous["cart"] = 1
    anonymous.save()
    assert anonymous.session_key is not None
    row = Session.objects.filter(digest=digest_of(anonymous.session_key))

    def sign_in_here() -> None:
        row.update(
            user_id=user.pk,
            backend=settings.AUTHENTICATION_BACKENDS[0],
            auth_hash=user.get_session_auth_hash(),
        )

    with just_before("DELETE FROM .sessions_ui_session.", sign_in_here):
        SessionStore().delete(anonymous.session_key)
    assert row.get().end_reason == EndReason.SIGNED_OUT
    assert who(anonymous.session_key) is None


def test_deleting_an_anonymous_session_leaves_other_anonymous_ones(stranger: Session) -> None:
    gone, other = SessionStore(), SessionStore()
    for store in (gone, other):
        store["cart"] = 1
        store.save()
    SessionStore().delete(gone.session_key)
    assert SessionStore(gone.session_key).load() == {}
    assert SessionStore(other.session_key)["cart"] == 1


# --- What nobody else may read


def test_the_key_that_was_replaced_is_a_secret_like_the_one_in_its_place(key: str, stranger: Session) -> None:
    """It is the valid one again where the transaction that has replaced it is rolled back."""
    store = SessionStore(key)
    store.cycle_key()
    assert store.session_key != key
    assert {key, store.session_key} <= {*store.secrets()}


# --- A store without a session


@pytest.mark.parametrize("tell", ["expect_password_change", "keep_after_password_change"])
@pytest.mark.parametrize("whose", ["nobody's", "an unknown key", "somebody else's"])
def test_only_the_session_of_that_user_learns_of_a_new_password(
    whose: str, tell: str, user: Any, theirs: str, stranger: Session
) -> None:
    """A command, a sign-up page and the administration save passwords, too."""
    key = {"nobody's": None, "an unknown key": "0" * 32, "somebody else's": theirs}[whose]
    user.set_password("seven brown cows on a hill")
    getattr(SessionStore(key), tell)(user)


def test_signing_in_where_somebody_else_was_signed_in_makes_a_session_of_its_own(
    user: Any, key: str, third: Any, browser: Any, stranger: Session
) -> None:
    """`login()` empties the session then, and leaves neither key nor row."""
    request = RequestFactory().get("/")
    request.session = SessionStore(key)
    login(request, third, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert row_of(key).end_reason == EndReason.SIGNED_OUT
    assert (who(key), who(request.session.session_key)) == (None, third.pk)


def test_what_has_run_out_is_ended_by_the_request_that_finds_it_and_looked_up_once(
    user: Any, key: str, stranger: Session
) -> None:
    Session.objects.of(user).update(expires_at=timezone.now() - timedelta(seconds=1))
    late = SessionStore(key)
    with CaptureQueriesContext(connection) as queries:
        assert not late.get_user().is_authenticated
    looked_up = [query for query in queries if digest_of(key) in query["sql"]]
    assert len(looked_up) == 1
    assert late.refusal == row_of(key).end_reason == EndReason.IDLE_TIMEOUT


def test_what_is_refused_twice_is_refused_though_nothing_could_be_ended(
    user: Any, key: str, stranger: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where an account is off at each look, and on again whenever the end is judged."""
    monkeypatch.setattr("sessions_ui.actions.sessions.refuse.end_if_unlawful", lambda pks: 0)
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    store = SessionStore(key)
    assert not store.get_user().is_authenticated
    assert (store.refusal, store.session_key) == (EndReason.ACCOUNT_DISABLED, None)


def test_an_anonymous_session_that_has_run_out_is_refused_and_left_to_the_purge(stranger: Session) -> None:
    store = SessionStore()
    store["cart"] = 1
    store.save()
    assert store.session_key is not None
    Session.objects.filter(digest=digest_of(store.session_key)).update(expires_at=timezone.now())
    before = as_dict(row_of(store.session_key))
    with CaptureQueriesContext(connection) as queries:
        assert SessionStore(store.session_key).get("cart") is None
    assert len(queries) == 1
    assert as_dict(row_of(store.session_key)) == before


def test_a_session_that_ended_after_its_key_was_replaced_is_over_for_who_has_the_former_key(
    user: Any, key: str, stranger: Session
) -> None:
    """Not merely late: a browser that tries again must not be told that it is signed in."""
    late, other = SessionStore(key), SessionStore(key)
    late["cart"] = 1
    other.cycle_key()
    end_user_sessions(user=user, reason=EndReason.NOT_ME)
    with pytest.raises(SessionEnded) as raised:
        late.save()
    assert (raised.value.reason, late.is_straggler) == (EndReason.NOT_ME, False)


def test_whoever_is_signed_in_stays_so_where_another_user_that_was_written_counts_for_nothing(
    user: Any, third: Any, key: str, stranger: Session
) -> None:
    """What was written goes, and who was there before is in the data again: the next save would sign them out."""
    by_hand = SessionStore(key)
    assert by_hand[SESSION_KEY] == str(user.pk)
    by_hand.update({**somebody_else(third), BACKEND_SESSION_KEY: "gone.Backend"})
    by_hand.save()
    assert (by_hand[SESSION_KEY], by_hand[BACKEND_SESSION_KEY]) == (
        str(user.pk),
        settings.AUTHENTICATION_BACKENDS[0],
    )
    by_hand.save()
    assert (who(key), row_of(key).end_reason) == (user.pk, "")


def test_a_user_written_into_a_session_that_was_nobodys_is_signed_in_by_a_new_one_too(user: Any) -> None:
    """That a row was looked up is no reason to believe that its user was copied: it had none."""
    visit = SessionStore()
    visit["cart"] = 1
    visit.save()
    store = SessionStore(visit.session_key)
    assert store["cart"] == 1
    store.update(
        {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
    )
    store.create()
    assert who(store.session_key) == user.pk
