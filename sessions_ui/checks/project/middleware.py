"""Whether our middlewares, or classes of the host that extend them, stand in MIDDLEWARE in place of Django's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.core import checks
from django.utils.module_loading import import_string

from sessions_ui.middleware import AuthenticationMiddleware, SessionMiddleware


@dataclass(frozen=True, slots=True)
class Replaced:
    """A middleware of ours that extends the one of Django's in whose place it stands."""

    path: str  # by which a project names ours
    ours: type
    djangos: type
    id: str


SESSION = Replaced(
    "sessions_ui.middleware.SessionMiddleware", SessionMiddleware, DjangoSessionMiddleware, "sessions_ui.E002"
)
AUTHENTICATION = Replaced(
    "sessions_ui.middleware.AuthenticationMiddleware",
    AuthenticationMiddleware,
    DjangoAuthenticationMiddleware,
    "sessions_ui.E003",
)


def middleware(**kwargs: Any) -> list[checks.CheckMessage]:
    classes = {path: found for path in settings.MIDDLEWARE if (found := _class_at(path)) is not None}
    wrong = [error for replaced in (SESSION, AUTHENTICATION) for error in _in_its_place(replaced, classes)]
    return wrong or _in_order(classes)


def _in_its_place(replaced: Replaced, classes: dict[str, type]) -> list[checks.CheckMessage]:
    """Check that exactly one is ours, and none is Django's only."""
    path = replaced.path
    ours = [name for name, found in classes.items() if issubclass(found, replaced.ours)]
    others = [
        name for name, found in classes.items() if issubclass(found, replaced.djangos) and name not in ours
    ]
    if len(ours) == 1 and not others:
        return []
    if others and ours:
        text = f"MIDDLEWARE has {' and '.join(others)} beside {' and '.join(ours)}."
        hint = f"Take {' and '.join(others)} out."
    elif others:
        text = f"MIDDLEWARE has {' and '.join(others)}, but neither {path} nor a class that extends it."
        hint = f"Put {path} in its place."
        if any(classes[name] is not replaced.djangos for name in others):
            hint = f"Let your class extend {path}, or put that in its place."
    elif ours:
        text, hint = f"MIDDLEWARE has {' and '.join(ours)}, which do the same.", "Keep one of them."
    else:
        text = f"MIDDLEWARE has neither {path} nor a class that extends it."
        hint = f"Put {path} where {_path_of(replaced.djangos)} stands in a project that Django makes."
    return [checks.Error(text, hint=hint, id=replaced.id)]


def _in_order(classes: dict[str, type]) -> list[checks.CheckMessage]:
    names = list(classes)
    session, authentication = (
        next(name for name, found in classes.items() if issubclass(found, replaced.ours))
        for replaced in (SESSION, AUTHENTICATION)
    )
    if names.index(session) < names.index(authentication):
        return []
    return [checks.Error(f"{session} must stand before {authentication}.", id="sessions_ui.E004")]


def _path_of(found: type) -> str:
    return f"{found.__module__}.{found.__qualname__}"


def _class_at(path: str) -> type | None:
    """Return the class at this path; None for a function, and for what cannot be imported, which Django itself
    reports."""
    try:
        found = import_string(path)
    except ImportError:
        return None
    return found if isinstance(found, type) else None
