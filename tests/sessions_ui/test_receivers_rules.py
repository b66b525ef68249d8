"""What a save of an account is: an upgrade of a hash, a change of how to sign in, one that spares its own session."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sessions_ui import context
from sessions_ui.receivers import changes_sign_in, is_hash_upgrade, keeps_own, watched_fields

FORGOTTEN = {"_password": None}  # the raw one, as `check_password()` leaves it
BEFORE = {"password": "old", "email": "ada@people.example"}


@pytest.mark.parametrize(
    ("attributes", "update_fields", "expected"),
    [
        (FORGOTTEN, ["password"], True),
        (FORGOTTEN, ("password",), True),
        (FORGOTTEN, None, False),
        (FORGOTTEN, ["password", "email"], False),
        (FORGOTTEN, [], False),
        ({"_password": "raw"}, ["password"], False),
        ({}, ["password"], False),
    ],
)
def test_an_upgrade_of_a_hash_saves_it_alone_and_has_forgotten_the_password(
    attributes: dict[str, Any], update_fields: Any, expected: bool
) -> None:
    assert is_hash_upgrade(SimpleNamespace(**attributes), update_fields) is expected


@pytest.mark.parametrize(
    ("before", "now", "update_fields", "expected"),
    [
        (BEFORE, {}, None, False),
        (BEFORE, {"password": "new"}, None, True),
        (BEFORE, {"password": "new", **FORGOTTEN}, ["password"], False),
        (BEFORE, {"email": "eve@people.example"}, None, True),
        (BEFORE, {"email": "ADA@people.example"}, None, True),
        ({**BEFORE, "email": None}, {"email": ""}, None, False),
        ({**BEFORE, "email": ""}, {"email": None}, None, False),
        ({"password": "old"}, {"email": "eve@people.example"}, None, False),
        ({"email": "ada@people.example"}, {"password": "new"}, None, False),
        ({"is_active": True}, {"password": "new", "email": "eve@people.example"}, None, False),
    ],
)
def test_a_save_changes_how_the_account_is_signed_in_to(
    before: dict[str, Any], now: dict[str, Any], update_fields: Any, expected: bool
) -> None:
    """`before` has only what the save writes."""
    assert changes_sign_in(SimpleNamespace(**{**BEFORE, **now}), before, update_fields) is expected


def test_a_save_is_watched_for_these_fields() -> None:
    assert watched_fields() == ("password", "is_active", "email", "is_staff", "is_superuser")


@pytest.mark.parametrize(
    ("acting", "setting", "expected"),
    [
        ("the user", "others", True),
        ("the user", "all", False),
        ("the user, by a reset", "others", False),
        ("somebody else", "others", False),
        ("support in the account", "others", False),
        ("nobody", "others", False),
        ("no request", "others", False),
    ],
)
def test_only_the_user_spares_the_session_that_changes_the_password(
    acting: str, setting: str, expected: bool, user: Any, other_user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "PASSWORD_CHANGE_ENDS": setting}
    who = {"somebody else": other_user.pk, "nobody": None}.get(acting, user.pk)
    impersonator = other_user.pk if acting.startswith("support") else None
    store = SimpleNamespace(session_id=1, user_id=who, impersonator_id=impersonator)
    resets = acting.endswith("reset")
    now = context.Acting(store, resets_password=lambda: resets)  # type: ignore[arg-type]
    token = context.begin(now) if acting != "no request" else None
    try:
        assert keeps_own(user) is expected
    finally:
        if token is not None:
            context.finish(token)
