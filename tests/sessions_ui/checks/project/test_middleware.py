"""What MIDDLEWARE has, in the place of Django's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware

from sessions_ui.checks.project.middleware import middleware
from sessions_ui.middleware import AuthenticationMiddleware, SessionMiddleware

SESSION = "sessions_ui.middleware.SessionMiddleware"
AUTHENTICATION = "sessions_ui.middleware.AuthenticationMiddleware"
DJANGOS_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
DJANGOS_AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


class OurSession(SessionMiddleware):
    """A host's, which extends ours."""


class OurAuthentication(AuthenticationMiddleware): ...


class DjangosSession(DjangoSessionMiddleware):
    """A host's, which extends Django's."""


class DjangosAuthentication(DjangoAuthenticationMiddleware): ...


def function(get_response: Callable[..., Any]) -> Callable[..., Any]:
    return get_response


def named(found: Any) -> str:
    return found if isinstance(found, str) else f"{__name__}.{found.__name__}"


def said(*entries: Any, settings: Any) -> list[tuple[str | None, str, str | None]]:
    settings.MIDDLEWARE = [named(entry) for entry in entries]
    return [(found.id, found.msg, found.hint) for found in middleware()]


@pytest.mark.parametrize(
    "entries",
    [
        (SESSION, AUTHENTICATION),
        (OurSession, AUTHENTICATION),
        (SESSION, OurAuthentication),
        (function, OurSession, "no.such.middleware", OurAuthentication),
        ("django.middleware.common.CommonMiddleware", SESSION, function, AUTHENTICATION),
    ],
)
def test_ours_and_what_extends_them_are_sound(entries: tuple[Any, ...], settings: Any) -> None:
    assert said(*entries, settings=settings) == []


@pytest.mark.parametrize(
    ("entries", "number", "text", "hint"),
    [
        (
            (AUTHENTICATION,),
            "E002",
            f"MIDDLEWARE has neither {SESSION} nor a class that extends it.",
            f"Put {SESSION} where {DJANGOS_SESSION} stands in a project that Django makes.",
        ),
        (
            (DJANGOS_SESSION, AUTHENTICATION),
            "E002",
            f"MIDDLEWARE has {DJANGOS_SESSION}, but neither {SESSION} nor a class that extends it.",
            f"Put {SESSION} in its place.",
        ),
        (
            (DjangosSession, AUTHENTICATION),
            "E002",
            f"MIDDLEWARE has {named(DjangosSession)}, but neither {SESSION} nor a class that extends it.",
            f"Let your class extend {SESSION}, or put that in its place.",
        ),
        (
            (DJANGOS_SESSION, OurSession, AUTHENTICATION),
            "E002",
            f"MIDDLEWARE has {DJANGOS_SESSION} beside {named(OurSession)}.",
            f"Take {DJANGOS_SESSION} out.",
        ),
        (
            (SESSION, OurSession, AUTHENTICATION),
            "E002",
            f"MIDDLEWARE has {SESSION} and {named(OurSession)}, which do the same.",
            "Keep one of them.",
        ),
        (
            (SESSION, DJANGOS_AUTHENTICATION),
            "E003",
            f"MIDDLEWARE has {DJANGOS_AUTHENTICATION}, but neither {AUTHENTICATION} nor a class that extends it.",
            f"Put {AUTHENTICATION} in its place.",
        ),
        (
            (SESSION, DjangosAuthentication),
            "E003",
            f"MIDDLEWARE has {named(DjangosAuthentication)}, but neither {AUTHENTICATION} nor a class that extends it.",
            f"Let your class extend {AUTHENTICATION}, or put that in its place.",
        ),
        (
            (OurAuthentication, OurSession),
            "E004",
            f"{named(OurSession)} must stand before {named(OurAuthentication)}.",
            None,
        ),
    ],
)
def test_the_check_says_what_is_there_and_what_is_not(
    entries: tuple[Any, ...], number: str, text: str, hint: str | None, settings: Any
) -> None:
    assert said(*entries, settings=settings) == [(f"sessions_ui.{number}", text, hint)]


def test_two_missing_middlewares_are_both_named(settings: Any) -> None:
    found = said(function, settings=settings)
    assert [number for number, _text, _hint in found] == ["sessions_ui.E002", "sessions_ui.E003"]
