"""The name that people sign in by, where it is no address: under another one, their own does not let them in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sessions_ui import context
from sessions_ui.actions.recovery.open import open_recovery, since_of
from sessions_ui.exceptions import AccountFrozen, FurtherProofNeeded
from sessions_ui.store import SessionStore
from tests.aging import long_ago

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _named(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(user), "USERNAME_FIELD", "name")


@contextmanager
def acting(client: Any) -> Iterator[None]:
    token = context.begin(context.Acting(SessionStore(client.session.session_key)))
    try:
        yield
    finally:
        context.finish(token)


def rename(user: Any, **options: Any) -> str:
    user.name = "somebody else"
    user.save(**options)
    user.refresh_from_db()
    return str(user.name)


@pytest.mark.parametrize("options", [{}, {"update_fields": ["name"]}])
def test_a_session_that_is_not_settled_does_not_change_the_name_of_the_sign_in(
    options: dict[str, Any], user: Any, browser: Any
) -> None:
    owner, thief = browser(), browser()
    owner.force_login(user)
    long_ago(user)
    thief.force_login(user)
    before = user.name
    with acting(thief), pytest.raises(FurtherProofNeeded):
        rename(user, **options)
    user.refresh_from_db()
    assert user.name == before
    with acting(owner):
        assert rename(user, **options) == "somebody else"


def test_nobody_does_while_the_account_is_recovered(user: Any, browser: Any) -> None:
    owner = browser()
    owner.force_login(user)
    long_ago(user)
    open_recovery(user=user, since=since_of([]), opened_by="devices")
    with acting(owner), pytest.raises(AccountFrozen):
        rename(user)


def test_a_letter_in_another_case_is_still_the_same_address(
    user: Any, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(user), "USERNAME_FIELD", "email")
    browser().force_login(user)
    long_ago(user)
    laptop = browser()
    laptop.force_login(user)
    with acting(laptop):
        user.email = user.email.capitalize()
        user.save()
