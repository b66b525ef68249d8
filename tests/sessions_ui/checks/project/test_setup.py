"""One id for each misconfiguration, and none for a sound one."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.checks import run_checks

from sessions_ui.checks.project import setup as checks


def ids(**options: Any) -> set[str]:
    return {message.id for message in run_checks(**options) if str(message.id).startswith("sessions_ui.")}


def test_a_sound_configuration_has_nothing_to_say() -> None:
    assert ids(include_deployment_checks=True) == set()


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("SESSION_ENGINE", "django.contrib.sessions.backends.db", "W001"),
        ("SESSIONS_UI", {"TRUSTED_PROXIES": ["not a network"]}, "E005"),
        ("MFA_TRUST_ENABLED", True, "E006"),
        ("SESSION_COOKIE_AGE", 60, "W008"),
        ("SESSION_COOKIE_HTTPONLY", False, "W009"),
        ("SESSION_COOKIE_SECURE", False, "W011"),
        ("SESSIONS_UI", {"IDLE_TIMEOUT": timedelta(seconds=119)}, "W061"),
    ],
)
def test_the_check_names_a_wrong_setting(name: str, value: Any, number: str, settings: Any) -> None:
    setattr(settings, name, value)
    assert f"sessions_ui.{number}" in ids(include_deployment_checks=True)


@pytest.mark.parametrize(
    ("use_tz", "zone", "warns"),
    [(False, "Europe/Berlin", True), (False, "UTC", False), (True, "Europe/Berlin", False)],
)
def test_the_check_names_clocks_that_are_put_forward_where_they_are_what_is_stored(
    use_tz: bool, zone: str, warns: bool, settings: Any
) -> None:
    settings.USE_TZ, settings.TIME_ZONE = use_tz, zone
    assert ("sessions_ui.W060" in ids()) is warns


@pytest.mark.parametrize(
    "idle", [None, timedelta(seconds=120), timedelta(days=14), lambda user: timedelta(0)]
)
def test_an_idle_timeout_of_twice_the_time_between_two_notes_is_sound(idle: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": idle}
    assert "sessions_ui.W061" not in ids()


def test_the_check_names_connections_that_asgi_would_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    databases = {"default": {"CONN_MAX_AGE": None}}
    monkeypatch.setattr(checks, "settings", SimpleNamespace(ASGI_APPLICATION="x", DATABASES=databases))
    assert [message.id for message in checks.persistent_connections()] == ["sessions_ui.W010"]


@pytest.mark.parametrize(("given", "is_named"), [(None, False), (True, False), (False, False), ("0", True)])
def test_the_check_names_what_neither_allows_nor_forbids_to_prepare(
    settings: Any, given: Any, is_named: bool
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "PREPARE_LOOK_UP": given}
    assert ("sessions_ui.E039" in ids()) is is_named


def test_the_check_names_allauths_own_list_of_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    # Not the settings themselves: Django would load the app, whose receivers stay for every test after this one.
    monkeypatch.setattr(checks, "settings", SimpleNamespace(INSTALLED_APPS=["allauth.usersessions"]))
    assert [message.id for message in checks.allauth_usersessions()] == ["sessions_ui.E007"]


class UsersElsewhere:
    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "users" if model._meta.label == "accounts.User" else "default"


def test_the_check_says_what_users_in_another_database_cost(settings: Any) -> None:
    assert checks.databases() == []
    settings.DATABASE_ROUTERS = [f"{__name__}.UsersElsewhere"]
    assert [message.id for message in checks.databases()] == ["sessions_ui.I072"]
