"""Settings whose value is not of the type that they have, and names that no setting has."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import cache, cached_property, wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from sessions_ui.conf import SECTIONS, conf

Check = Callable[..., list[checks.CheckMessage]]

# Their own checks say more than what type they are of.
CHECKED_ELSEWHERE = {
    "admin_factor_required",
    "admin_reauthentication_age",
    "email_change_ends",
    "factor_change_ends",
    "password_change_ends",
    "prepare_look_up",
    "profile",
    "suspicious_sign_ins",
}
HIGHEST_PORT = 65_535


def is_timedelta(value: Any) -> bool:
    return isinstance(value, timedelta) and value >= timedelta()


def is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_port(value: Any) -> bool:
    return is_number(value) and 0 < value <= HIGHEST_PORT


def is_datetime(value: Any) -> bool:
    return isinstance(value, datetime)


def is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def is_collection_of(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A string is none, although it has characters: each of them would pass for a value."""
    return lambda value: (
        isinstance(value, Collection)
        and not isinstance(value, (str, bytes, Mapping))
        and all(is_right(each) for each in value)
    )


def is_timedeltas_by_name(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(is_text, value)) and all(map(is_timedelta, value.values()))


def is_paths(value: Any) -> bool:
    return is_path(value) or is_collection_of(is_path)(value)


def is_path(value: Any) -> bool:
    return isinstance(value, (str, Path))


def is_per_user(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A string is the dotted path of a callable; whether it leads there is found out by reading the setting."""
    return lambda value: isinstance(value, str) or callable(value) or is_right(value)


# By how `conf/` declares them: what it is to people, and whether a value is that.
TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "bool": ("True or False", is_bool),
    "int": ("a number, zero or more", is_number),
    "str": ("a string", is_text),
    "timedelta": ("a timedelta, zero or more", is_timedelta),
    "datetime": ("a datetime", is_datetime),
    "tuple[str, ...]": ("a list of strings", is_collection_of(is_text)),
    "frozenset[str]": ("a list of strings", is_collection_of(is_text)),
    "Collection[str]": ("a list of strings", is_collection_of(is_text)),
    "tuple[int, ...]": (f"a list of ports, 1 to {HIGHEST_PORT}", is_collection_of(is_port)),
    "tuple[timedelta, ...]": ("a list of timedeltas", is_collection_of(is_timedelta)),
    "dict[str, Any]": ("a dictionary", is_mapping),
    "dict[str, Provider]": ("a dictionary", is_mapping),
    "Mapping[str, timedelta]": ("a dictionary of timedeltas, zero or more", is_timedeltas_by_name),
    "Path": ("a path", is_path),
    "PerUser[timedelta]": ("a timedelta, or a callable of the user", is_per_user(is_timedelta)),
    "PerUser[int]": ("a number, or a callable of the user", is_per_user(is_number)),
    "PerUser[str]": ("a callable of the user", is_per_user(callable)),
}
DOTTED_PATH = ("the dotted path of a callable", is_per_user(callable))
PATHS = ("a path, or a list of paths", is_paths)
OPTIONAL = " | None"


def values(**kwargs: Any) -> list[checks.CheckMessage]:
    found = wrong_values(getattr(settings, "SESSIONS_UI", {}))
    return [checks.Error(text, id="sessions_ui.E097") for text in found]


def names(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check for a name that was misspelt: its default would hold, and nobody would know."""
    known = {name.upper() for name in declared()}
    return [
        checks.Warning(
            f"SESSIONS_UI[{name!r}]: there is no such setting.",
            hint=f"Did you mean {close[0]}?" if (close := get_close_matches(str(name), known, 1)) else None,
            id="sessions_ui.W098",
        )
        for name in getattr(settings, "SESSIONS_UI", {})
        if name not in known
    ]


def wrong_values(given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the values that were given, in a sentence each."""
    declarations = declared()
    wrong = []
    for name in (name for name in declarations if name.upper() in given):
        value = given[name.upper()]
        what, is_right = type_of(name, declarations[name])
        if name not in CHECKED_ELSEWHERE and not is_right(value):
            wrong.append(f"{name.upper()} must be {what}, not {value!r}.")
        elif problem := problem_of_reading(name):
            wrong.append(f"{name.upper()} cannot be read: {problem}")
    return wrong


def type_of(name: str, declaration: str) -> tuple[str, Callable[[Any], bool]]:
    """Return the type of a setting by its declaration. Of others (a dotted path, a choice) reading them tells."""
    if name.startswith("geoip_"):
        return PATHS
    declaration, optional, _rest = declaration.partition(OPTIONAL)
    other = DOTTED_PATH if declaration.startswith("Callable[") else ("", lambda value: True)
    what, is_right = TYPES.get(declaration, other)
    if not optional and not declaration.startswith("PerUser"):
        return what, is_right
    return f"{what}, or None", lambda value: value is None or is_right(value)


def problem_of_reading(name: str) -> str:
    """Return what reading the setting raises, in words. What is raised on purpose has a check of its own."""
    try:
        getattr(conf, name)
    except ImproperlyConfigured:
        return ""
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def declared() -> dict[str, str]:
    """Return how each setting is declared, by name."""
    return {
        name: str(member.func.__annotations__["return"])
        for section in SECTIONS
        for name, member in vars(section).items()
        if isinstance(member, cached_property)
    }


@cache
def where_values_are_right(check: Check) -> Check:
    """Decorate a check that cannot make sense of a setting whose value is wrong: what is wrong with it is said here.

    The same for the same check: Django keeps a set of those that are registered.
    """

    @wraps(check)
    def checked(**kwargs: Any) -> list[checks.CheckMessage]:
        try:
            return check(**kwargs)
        except (TypeError, ValueError, AttributeError, ImportError):
            if values():
                return []
            raise

    return checked
