"""Invariant 1: a session that has ended never answers another request as its user."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from sessions_ui import context, session_lookup
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.exceptions import KeyRotated, SessionEnded
from sessions_ui.store import SessionStore
from tests.models import EndReason, Session
from tests.statements import verb

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(browser: Any, user: Any) -> str:
    client = browser()
    client.force_login(user)
    return client.cookies["sessionid"].value


def end(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)


def is_signed_in(key: str | None) -> bool:
    return SessionStore(key).get_user().is_authenticated


@pytest.mark.control("ASVS 7.2.1")
def test_a_look_up_costs_one_statement_for_session_and_user(key: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert is_signed_in(key)


def test_a_look_up_without_a_key_costs_no_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert not is_signed_in(None)


@pytest.mark.control("ASVS 7.4.1")
def test_a_request_that_loaded_before_the_end_cannot_save(user: Any, key: str) -> None:
    """Interleaving A."""
    late = SessionStore(key)
    late["cart"] = 1
    end(user)
    with pytest.raises(SessionEnded) as caught:
        late.save()
    assert caught.value.reason == EndReason.ADMINISTRATOR
    assert not is_signed_in(key)


def test_a_request_that_loaded_before_the_end_cannot_rotate_the_key(user: Any, key: str) -> None:
    """Interleaving C: every one of the peers' engines lets it live."""
    late = SessionStore(key)
    assert late[SESSION_KEY]
    end(user)
    with pytest.raises(SessionEnded):
        late.cycle_key()
    assert not is_signed_in(key)
    assert not Session.objects.living().exists()


def test_no_write_ever_inserts_the_row_again(user: Any, key: str) -> None:
    """Interleaving G."""
    late = SessionStore(key)
    late["cart"] = 1
    Session.objects.all().delete()
    with pytest.raises(SessionEnded):
        late.save()
    assert Session.objects.count() == 0


def test_an_ended_key_does_not_exist(user: Any, key: str) -> None:
    end(user)
    assert not SessionStore().exists(key)


@pytest.mark.django_db(transaction=True)
def test_the_first_refusal_is_one_write_and_the_second_none(user: Any, key: str) -> None:
    """Outside of a transaction: inside of one a savepoint keeps it whole."""
    end(user)
    store = SessionStore(key)
    with CaptureQueriesContext(connection) as first:
        assert not store.get_user().is_authenticated
    assert store.refusal == EndReason.ADMINISTRATOR
    assert [verb(query["sql"]) for query in first.captured_queries] == ["SELECT", "UPDATE"]
    refused_at = Session.objects.get().refused_at
    with CaptureQueriesContext(connection) as second:
        assert not is_signed_in(key)
    assert [verb(query["sql"]) for query in second.captured_queries] == ["SELECT"]
    assert Session.objects.get().refused_at == refused_at


def test_an_unknown_key_costs_no_write() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert not is_signed_in("0" * 32)
    assert {verb(query["sql"]) for query in queries.captured_queries} == {"SELECT"}
    assert Session.objects.count() == 0


@pytest.mark.control("ASVS 7.2.4")
def test_rotation_keeps_the_row_and_the_old_key_authenticates_nobody(user: Any, key: str) -> None:
    before = Session.objects.get()
    store = SessionStore(key)
    store.cycle_key()
    assert Session.objects.get().pk == before.pk
    assert Session.objects.get().device_id == before.device_id
    assert is_signed_in(store.session_key)
    straggler = SessionStore(key)
    assert not straggler.get_user().is_authenticated
    assert straggler.is_straggler


def test_after_the_grace_the_old_key_is_a_stranger(key: str, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ROTATION_GRACE": timedelta(0)}
    SessionStore(key).cycle_key()
    straggler = SessionStore(key)
    assert not straggler.get_user().is_authenticated
    assert not straggler.is_straggler


def test_a_replaced_key_of_nobody_whose_row_is_removed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another tab signs out between the look-up and the look at when the key was replaced: nobody is there, and that
    is no error."""
    store = SessionStore()
    store.create()
    key = store.session_key
    assert key is not None
    store.cycle_key()
    find = session_lookup.find

    def found_and_removed(digest: str) -> Session | None:
        row = find(digest)
        store.delete()
        return row

    monkeypatch.setattr(session_lookup, "find", found_and_removed)

    late = SessionStore(key)

    assert not late.get_user().is_authenticated
    assert not late.is_straggler


def test_a_write_with_a_replaced_key_is_told_apart_from_an_ending(key: str) -> None:
    late = SessionStore(key)
    late["cart"] = 1
    SessionStore(key).cycle_key()
    with pytest.raises(KeyRotated):
        late.save()


def test_a_rotation_that_was_rolled_back_leaves_the_old_key_valid(key: str) -> None:
    store = SessionStore(key)
    with transaction.atomic():
        store.cycle_key()
        transaction.set_rollback(True)
    store["cart"] = 1
    store.save()
    assert store.session_key == key
    assert is_signed_in(key)


def test_flush_ends_the_session_and_keeps_it_as_history(user: Any, key: str) -> None:
    SessionStore(key).flush()
    row = Session.objects.get()
    assert (row.end_reason, row.user_id, row.ended_by_id) == (EndReason.SIGNED_OUT, user.pk, user.pk)


def test_who_acts_is_who_ends_a_session_by_its_key(user: Any, other_user: Any, key: str) -> None:
    store = SimpleNamespace(session_id=None, user_id=other_user.pk, impersonator_id=None)
    token = context.begin(context.Acting(store))
    try:
        SessionStore().delete(key)
    finally:
        context.finish(token)
    assert Session.objects.get().ended_by_id == other_user.pk


def test_a_write_that_finds_its_session_ended_says_why(user: Any, key: str) -> None:
    end(user)
    with pytest.raises(SessionEnded) as refused:
        SessionStore(key).save()
    assert refused.value.reason == EndReason.ADMINISTRATOR


def test_a_write_after_two_rotations_keeps_the_key_that_it_made(key: str) -> None:
    """The older one is not tried again: nothing was rolled back, somebody else has rotated since."""
    late = SessionStore(key)
    late.cycle_key()
    own = late.session_key
    SessionStore(own).cycle_key()
    late["cart"] = 1
    with pytest.raises(KeyRotated):
        late.save()
    assert late.session_key == own


def test_emptying_a_users_session_is_a_sign_out(user: Any, key: str) -> None:
    store = SessionStore(key)
    store.clear()
    store.save()
    assert not is_signed_in(key)
    assert Session.objects.of(user).get().end_reason == EndReason.SIGNED_OUT
    assert store.session_key != key


@pytest.mark.control("ASVS 7.4.2", "SP 800-207 tenet 6")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_active": False}, EndReason.ACCOUNT_DISABLED),
        ({"password": "!"}, EndReason.PASSWORD_CHANGED),
    ],
)
def test_what_no_signal_sees_is_refused_and_ended_at_the_next_request(
    user: Any, key: str, change: dict[str, Any], reason: EndReason
) -> None:
    """Interleaving H: `QuerySet.update()` sends no signal, and switching the user on again must revive nothing."""
    get_user_model().objects.filter(pk=user.pk).update(**change)
    assert not is_signed_in(key)
    assert Session.objects.get().end_reason == reason
    get_user_model().objects.filter(pk=user.pk).update(is_active=True, password=user.password)
    assert not is_signed_in(key)


def test_a_user_removed_by_raw_sql_signs_nobody_in(user: Any, key: str) -> None:
    user.emailaddress_set.all().delete()
    users = get_user_model().objects.filter(pk=user.pk)
    users._raw_delete(users.db)
    assert not is_signed_in(key)
    assert Session.objects.get().end_reason == EndReason.ACCOUNT_DELETED


def test_a_new_secret_with_a_fallback_signs_nobody_out(user: Any, key: str, settings: Any) -> None:
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [old]
    assert is_signed_in(key)
    settings.SECRET_KEY_FALLBACKS = []
    assert is_signed_in(key), "the hash was carried to the new secret"


def test_django_sees_its_three_keys(user: Any, key: str) -> None:
    store = SessionStore(key)
    assert store[SESSION_KEY] == str(user.pk)
    assert store[HASH_SESSION_KEY] == user.get_session_auth_hash()
