"""Programs that may do everything that WorkOS's clients ask for, and people whom they ask about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from sessions_ui.actions.tokens.rights import MANAGE
from sessions_ui.actions.tokens.scopes import PERMISSIONS
from sessions_ui.audit.seal import seal_events
from sessions_ui.conf.tokens import OWN_SCOPES
from tests.models import Session
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.workos.live import Live, Person, live_site

PREFIX = "/api/workos"


@pytest.fixture
def program_token(administrator: Any, make_token: Any) -> Any:
    """With every scope, of an account that may do everything."""
    return make_token(administrator, scopes=[*OWN_SCOPES], name="Program")


@pytest.fixture
def caller(program_token: Any, program: type[Program]) -> Program:
    return program(program_token)


def sign_in(user: Any, **defaults: Any) -> tuple[Client, Session]:
    """A new browser of this user, and its session."""
    browser = Client(**defaults)
    browser.force_login(user)
    return browser, Session.objects.of(user).latest("pk")


def seal() -> None:
    """Give every event its place in the log, as the worker does each minute."""
    seal_events()


def is_signed_in(browser: Client) -> bool:
    answer = browser.get("/account/devices/")
    return bool(answer.status_code == 200)


def codenames(*scopes: str) -> set[str]:
    """Those of the permissions that these scopes take."""
    return {name.rpartition(".")[2] for scope in scopes for name in PERMISSIONS.get(scope, (MANAGE,))}


def permitted(user: Any, *names: str) -> Any:
    """The user as staff, with these permissions of the app."""
    found = Permission.objects.filter(content_type__app_label="sessions_ui", codename__in=names)
    assert found.count() == len(names)
    user.user_permissions.add(*found)
    type(user).objects.filter(pk=user.pk).update(is_staff=True)
    return type(user).objects.get(pk=user.pk)


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One site for all tests of published clients, each with a person of its own."""
    with live_site(tmp_path_factory.mktemp("live")) as site:
        yield site


@pytest.fixture
def person(live: Live) -> Person:
    """Somebody who is signed in in seven browsers, and of whom no other test knows."""
    return next(live.people)
