"""Which bridges are used: those that the setting names, where their app is installed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from typing import TypeVar

from django.apps import apps
from django.db import transaction
from django.utils.module_loading import import_string

from sessions_ui.bridges.protocol import Bridge
from sessions_ui.conf import conf

T = TypeVar("T")

logger = logging.getLogger(__name__)


def bridges() -> list[Bridge]:
    """Return the bridges that are used in this project.

    One that cannot be loaded is left out, and logged: it must keep nothing else from ending. A check says so before.
    """
    return [bridge for path in conf.bridges if (bridge := _loaded(path)) is not None and is_used(bridge)]


def bridge_named(name: str) -> Bridge | None:
    """Return the bridge of this name, or None where none that is used has it."""
    return next((bridge for bridge in bridges() if bridge.name == name), None)


def asked(bridge: Bridge, question: Callable[[], T]) -> T:
    """Return what `question`, a call of this bridge, returns. Whatever it raises is raised, and breaks no transaction
    that is under way: it has a savepoint of its own."""
    with transaction.atomic(using=bridge.database()):
        return question()


class Unknown(Enum):
    """What a bridge answers that raises."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


def answer_of(bridge: Bridge, question: Callable[[], T]) -> T | Unknown:
    """Return what `question`, a call of this bridge, returns; UNKNOWN, and a line in the log, where it raises."""
    try:
        return asked(bridge, question)
    except Exception as error:
        # Only its name: a database repeats in its messages what was in the row.
        logger.warning("The bridge %s failed (%s).", bridge.name, type(error).__name__)
        return UNKNOWN


def is_used(bridge: Bridge) -> bool:
    return not bridge.apps or any(map(apps.is_installed, bridge.apps))


def load(path: str) -> Bridge:
    """Return the bridge that a dotted path names: an instance of the class, or what else it is. Raises what importing
    and calling it raises."""
    return _load(path)


@cache
def _load(path: str) -> Bridge:
    named = import_string(path)
    return named() if isinstance(named, type) else named


def _loaded(path: str) -> Bridge | None:
    try:
        return load(path)
    except Exception as error:
        logger.error("The bridge %s cannot be loaded: %s", path, type(error).__name__)
        return None


def covered_apps() -> Iterator[str]:
    """Yield the names of the apps whose credentials the bridges of this project end."""
    for bridge in bridges():
        yield from bridge.apps
