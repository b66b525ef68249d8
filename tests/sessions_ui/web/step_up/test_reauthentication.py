"""The app's own way to ask who is there: whatever names a backend of the host has for what it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied

from sessions_ui.web.step_up.reauthentication import PasswordForm
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def found(email: str | None, password: str | None) -> Any:
    user = get_user_model().objects.filter(email=email).first()
    return user if user is not None and password and user.check_password(password) else None


class ByUsername(BaseBackend):
    def authenticate(self, request: Any, username: Any = None, password: Any = None, **kwargs: Any) -> Any:
        return found(username, password)


class ByUsernameAlone(BaseBackend):
    def authenticate(self, request: Any, username: Any, password: Any) -> Any:
        return found(username, password)


class ByEmail(BaseBackend):
    def authenticate(self, request: Any, email: Any = None, password: Any = None) -> Any:
        return found(email, password)


class ByEmailByKeyword(BaseBackend):
    def authenticate(self, request: Any, *, email: str, password: str) -> Any:
        return found(email, password)


class ByAnything(BaseBackend):
    """As allauth's."""

    def authenticate(self, request: Any, **credentials: Any) -> Any:
        return found(credentials.get("email", credentials.get("username")), credentials.get("password"))


class ByToken(BaseBackend):
    def authenticate(self, request: Any, token: str) -> Any:
        raise AssertionError("nobody has given a token")


class Nobody(BaseBackend):
    def authenticate(self, request: Any, username: Any = None, password: Any = None) -> Any:
        return None


class Shut(BaseBackend):
    def authenticate(self, request: Any, username: Any = None, password: Any = None) -> Any:
        raise PermissionDenied


@pytest.fixture
def failures() -> Iterator[list[dict[str, Any]]]:
    """What whoever counts failed sign-ins is told."""
    told: list[dict[str, Any]] = []

    def note(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
        told.append(credentials)

    user_login_failed.connect(note)
    yield told
    user_login_failed.disconnect(note)


def is_right(password: str, user: Any, rf: Any) -> bool:
    request = rf.post("/")
    request.user = user
    return PasswordForm({"password": password}, request=request).is_valid()


@pytest.mark.parametrize(
    ("backends", "asked"),
    [
        ([ByUsername], 1),
        ([ByUsernameAlone], 1),
        ([ByEmail], 1),
        ([ByEmailByKeyword], 1),
        ([ByAnything], 1),
        ([ByToken, ByEmail], 1),
        ([ByUsername, ByAnything], 1),
        ([Nobody, ByEmail], 2),
        ([ByEmail, Nobody], 2),
    ],
)
def test_each_backend_is_asked_by_a_name_that_it_takes_and_no_more_often_than_that(
    backends: list[type], asked: int, user: Any, rf: Any, settings: Any, failures: list[Any]
) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.{backend.__name__}" for backend in backends]
    assert is_right(PASSWORD, user, rf)
    failures.clear()
    assert not is_right("wrong", user, rf)
    assert len(failures) == asked
    assert all(PASSWORD not in str(credentials) for credentials in failures)


def test_a_backend_that_shuts_the_door_is_obeyed(user: Any, rf: Any, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Shut", f"{__name__}.ByUsername"]
    assert not is_right(PASSWORD, user, rf)


def test_a_password_of_any_length_that_signs_in_is_right(user: Any, rf: Any) -> None:
    """Recovery and the site's own pages take one of this length: whoever has it must be able to confirm by it."""
    user.set_password("x" * 10_000)
    user.save()
    assert is_right("x" * 10_000, user, rf)
    assert not is_right("x" * 9_999, user, rf)


def test_the_password_of_somebody_else_is_wrong(user: Any, other_user: Any, rf: Any, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.ByEmail"]
    other_user.set_password("another one")
    other_user.save()
    assert not is_right("another one", user, rf)
    assert is_right("another one", other_user, rf)


def test_where_no_backend_takes_a_password_nothing_is_right(user: Any, rf: Any, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.ByToken"]
    assert not is_right(PASSWORD, user, rf)
