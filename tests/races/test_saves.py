"""A save, a new key or a sweep beside somebody who writes the same row on purpose (traps 1, 3 and 11)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import transaction

from sessions_ui import context
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.store import SessionStore
from tests.aging import long_ago
from tests.conftest import PASSWORD
from tests.models import Session
from tests.races.people import everywhere, fresh, is_signed_in, living, save_password, sign_in, somebody
from tests.races.race import Race

NEW_PASSWORD = "a horse of another colour"


def save(store: SessionStore) -> None:
    store["cart"] = 1
    store.save()


def save_without_waiting(store: SessionStore) -> None:
    async def put() -> None:
        await store.aset("cart", 1)
        await store.asave()

    async_to_sync(put)()


def cycle(store: SessionStore) -> None:
    store.cycle_key()


def cycle_without_waiting(store: SessionStore) -> None:
    async_to_sync(store.acycle_key)()


WRITES = [save, save_without_waiting, cycle, cycle_without_waiting]


def loaded(key: str | None) -> SessionStore:
    """As a request that is under way has it."""
    store = SessionStore(key)
    store.load()
    return store


@pytest.mark.control("ASVS 7.4.1")
def test_no_write_outlives_an_ending(race: Race) -> None:
    """Trap 1."""
    for write in race.turns(WRITES):
        person = somebody(known=False)
        key = sign_in(person)
        store = loaded(key)
        race.run(partial(write, store), endings=[partial(everywhere, person)])
        race.is_over(is_signed_in(key) or is_signed_in(store.session_key) or living(person).exists())


def test_no_write_takes_the_triggers_mark_away(race: Race) -> None:
    """The optional trigger writes it where the account was off, even if it is on again (docs/production.md)."""
    for write in race.turns(WRITES):
        person = somebody(known=False)
        key = sign_in(person)
        store = loaded(key)
        accounts = get_user_model().objects.filter(pk=person.pk)

        def switch_off(accounts: Any = accounts, person: Any = person) -> None:
            with transaction.atomic():
                accounts.update(is_active=False)
                Session.objects.of(person).filter(ended_at__isnull=True).update(auth_hash="!")

        race.run(partial(write, store), endings=[partial(race.by_host, switch_off)])
        accounts.update(is_active=True)
        race.is_over(is_signed_in(key) or is_signed_in(store.session_key))


def upgrade(person: Any) -> None:
    assert fresh(person).check_password(PASSWORD)


def test_no_write_beside_a_hash_upgrade_signs_out(race: Race) -> None:
    for write in race.turns(WRITES):
        person = somebody(known=False)
        # As a hasher of yesterday made it: with too little salt.
        get_user_model().objects.filter(pk=person.pk).update(password=make_password(PASSWORD, salt="salt"))
        person = fresh(person)
        key = sign_in(person)
        store = loaded(key)
        race.run(partial(write, store), endings=[partial(upgrade, person)])
        assert fresh(person).password != make_password(PASSWORD, salt="salt"), "it was upgraded"
        race.stays(is_signed_in(store.session_key))


def change_own_password(store: SessionStore, person: Any) -> str | None:
    """As a request that was let in with this session does it; returns the key of afterwards."""
    token = context.begin(context.Acting(store))
    try:
        save_password(person, NEW_PASSWORD)
        store.cycle_key()
    finally:
        context.finish(token)
    return store.session_key


def test_no_write_beside_an_own_password_change_signs_out(race: Race) -> None:
    """Whoever has replaced the key has the session, the other is told to try again."""
    for write in race.turns(WRITES):
        person = somebody(known=False)
        key = sign_in(person)
        mine, changing = loaded(key), loaded(key)
        race.run(partial(write, mine), partial(change_own_password, changing, person))
        race.stays(is_signed_in(mine.session_key) or is_signed_in(changing.session_key))


def refused(key: str | None) -> bool:
    return SessionStore(key).resolve() is None


def test_neither_the_sweep_nor_a_refusal_ends_the_session_that_changes_its_password(race: Race) -> None:
    """Trap 11; other sessions end with the change."""
    for beside in race.turns(["sweep", "request"]):
        person = somebody(known=False)
        key = sign_in(person)
        long_ago(person)  # else changing a password takes a further proof
        elsewhere = sign_in(person)
        changing = loaded(key)
        judge = end_unlawful if beside == "sweep" else partial(refused, key)
        race.run(endings=[partial(change_own_password, changing, person)], tasks=[judge] * 2)
        race.stays(is_signed_in(changing.session_key), "the session that changed its password")
        race.is_over(is_signed_in(elsewhere), "another session")
