"""Whom our receivers listen to. What it means for every kind of user model is in tests/users/family.py."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import signals
from django.dispatch import Signal
from django.dispatch.dispatcher import NONE_ID
from django.test.utils import isolate_apps

OURS = ("sessions_ui", "accounts")
SIGNALS = {name: signal for name, signal in vars(signals).items() if isinstance(signal, signals.ModelSignal)}


def our_receivers(signal: Signal) -> list[tuple[str, int]]:
    """Name and id of the sender of each receiver in this signal that is one of ours."""
    found = []
    for (_receiver, sender), reference, *_ in signal.receivers:
        receiver = reference()
        if receiver.__module__.partition(".")[0] in OURS:
            found.append((f"{receiver.__module__}.{receiver.__qualname__}", sender))
    return found


@pytest.mark.parametrize("name", SIGNALS)
def test_no_receiver_listens_to_every_model(name: str) -> None:
    assert [receiver for receiver, sender in our_receivers(SIGNALS[name]) if sender == NONE_ID] == []


def test_the_look_at_receivers_sees_ours() -> None:
    assert {"pre_save", "post_save", "pre_delete", "m2m_changed"} <= SIGNALS.keys()
    assert all(
        our_receivers(SIGNALS[name]) for name in ("pre_save", "post_save", "pre_delete", "m2m_changed")
    )


def heard(signal: Signal) -> set[str]:
    """The models of this site whose signals reach a receiver of ours."""
    senders = {sender for _receiver, sender in our_receivers(signal)}
    return {model._meta.label for model in apps.get_models(include_auto_created=True) if id(model) in senders}


def test_the_models_that_are_heard_are_these() -> None:
    named = {"account.EmailAddress", "mfa.Authenticator"}
    assert heard(signals.pre_save) == {"accounts.User"} | named
    assert heard(signals.post_save) == {"accounts.User"} | named
    assert heard(signals.pre_delete) == {"accounts.User", "auth.Group", "auth.Permission"} | named
    assert heard(signals.post_delete) == named
    assert heard(signals.m2m_changed) == {
        "accounts.User_groups",
        "accounts.User_user_permissions",
        "auth.Group_permissions",
    }
    assert heard(signals.pre_init) == heard(signals.post_init) == set()


@isolate_apps("accounts")
def test_a_class_that_is_defined_later_is_heard_where_its_rows_are_users_or_groups() -> None:
    class LateUser(get_user_model()):  # type: ignore[misc]
        class Meta:
            app_label = "accounts"
            proxy = True

    class LateGroup(Group):
        class Meta:
            app_label = "accounts"
            proxy = True

    assert signals.pre_save.has_listeners(LateUser) and signals.post_save.has_listeners(LateUser)
    assert signals.pre_delete.has_listeners(LateUser) and signals.pre_delete.has_listeners(LateGroup)


def test_a_setting_that_tests_change_is_followed(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "OWNER_ONLY_MODELS": ["admin.LogEntry"]}
    assert "admin.LogEntry" in heard(signals.pre_save) & heard(signals.pre_delete)
    guarded = [sender for name, sender in our_receivers(signals.pre_delete) if name.endswith("guards.refuse")]
    assert id(apps.get_model("mfa.Authenticator")) not in guarded
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "OWNER_ONLY_MODELS": []}
    assert "admin.LogEntry" not in heard(signals.pre_save) | heard(signals.pre_delete)
