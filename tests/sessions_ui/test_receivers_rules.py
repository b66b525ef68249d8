"""What a save of an account is: an upgrade of a hash, a change of how to sign in, one that spares its own session."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui import context
from sessions_ui.receivers import (
    before_password_change,
    changes_sign_in,
    is_hash_upgrade,
    keeps_own,
    watched_fields,
)
from sessions_ui.store import SessionStore
from tests.models import AccountState, Event, Session

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


def test_where_people_sign_in_by_a_name_their_address_is_watched_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or a save of the address alone would tell nobody."""
    model = get_user_model()
    monkeypatch.setattr(model, "EMAIL_FIELD", model.get_email_field_name(), raising=False)
    monkeypatch.setattr(model, "USERNAME_FIELD", "name")
    assert watched_fields() == ("password", "is_active", "name", "email", "is_staff", "is_superuser")


def test_a_user_model_without_an_address_is_watched_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_user_model(), "EMAIL_FIELD", "no such field", raising=False)
    monkeypatch.setattr(get_user_model(), "USERNAME_FIELD", "name")
    assert watched_fields() == ("password", "is_active", "name", "is_staff", "is_superuser")


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


@pytest.mark.parametrize(
    ("changes", "announced"), [({"name": "Ada L."}, False), ({"password": "!new"}, True)]
)
def test_the_session_that_acts_expects_a_new_password_where_there_is_one(
    changes: dict[str, str], announced: bool, user: Any, browser: Any
) -> None:
    here = browser()
    here.force_login(user)
    store = SessionStore(here.cookies["sessionid"].value)
    store.get_user()
    before = user.password
    for name, value in changes.items():
        setattr(user, name, value)
    token = context.begin(context.Acting(store))
    try:
        before_password_change(user, before)
    finally:
        context.finish(token)
    assert bool(Session.objects.get().next_auth_hash) is announced


REQUIRED = {"password_required_at": timezone.now()}


@pytest.mark.parametrize(
    ("changes", "reasons", "told", "still_required"),
    [
        ({"name": "Ada L."}, [], [], True),
        ({"is_active": False}, ["account_disabled"], [], True),
        ({"password": "!new"}, ["password_changed"], ["password"], False),
        ({"password": "!new", "is_active": False}, ["account_disabled"], ["password"], True),
        ({"is_staff": False}, ["access_changed"], [], True),
        ({"is_staff": False, "is_active": False}, ["account_disabled"], [], True),
        ({"email": "ada@new.example"}, ["email_changed"], ["address"], True),
        ({"email": "ADA@people.example"}, [], [], True),
        ({"password": "!new", "email": "ada@new.example"}, ["password_changed"], ["password", "address"], False),
    ],
)  # fmt: skip
def test_what_follows_from_a_save(
    changes: dict[str, Any],
    reasons: list[str],
    told: list[str],
    still_required: bool,
    user: Any,
    browser: Any,
    settings: Any,
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "EMAIL_CHANGE_ENDS": "all"}
    get_user_model().objects.filter(pk=user.pk).update(is_staff=True)
    browser().force_login(user)
    AccountState.objects.filter(pk=user.pk).update(**REQUIRED)
    fresh = get_user_model().objects.get(pk=user.pk)
    for name, value in changes.items():
        setattr(fresh, name, value)
    fresh.save()
    ended = Session.objects.exclude(end_reason="").order_by("pk").values_list("end_reason", flat=True)
    assert list(ended) == reasons
    changed = Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED).order_by("pk")
    assert [event.data["credential"] for event in changed] == told
    state = AccountState.objects.get(pk=user.pk)
    assert (state.password_required_at is not None) is still_required


def test_an_upgrade_of_the_hash_is_told_nobody_and_fulfils_no_requirement(user: Any, browser: Any) -> None:
    browser().force_login(user)
    AccountState.objects.filter(pk=user.pk).update(**REQUIRED)
    fresh = get_user_model().objects.get(pk=user.pk)
    fresh.password, fresh._password = "!upgraded", None
    fresh.save(update_fields=["password"])
    assert not Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED).exists()
    assert AccountState.objects.get(pk=user.pk).password_required_at is not None
