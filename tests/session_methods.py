"""Every public method of Django's `SessionBase`, found by looking: one that a later Django adds is called, too."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from sessions_ui.store import SessionStore

CART = "cart"  # the key that the stored data has
# Longer than any session of these tests may last, for `set_expiry()`; an ordinary value elsewhere.
TEN_DAYS = 864_000

# What a parameter of this name is given; most methods share theirs. A function of the key that the browser has.
ARGUMENTS: dict[str, Callable[[str], Any]] = {
    "key": lambda browser_key: CART,
    "value": lambda browser_key: TEN_DAYS,
    "dict_": lambda browser_key: {CART: 2},
    "session_key": lambda browser_key: browser_key,
    "session_dict": lambda browser_key: {CART: 2},
    "session_data": lambda browser_key: SessionStore().encode({CART: 2}),
    "must_create": lambda browser_key: True,
}

# The asynchronous form of a method is named like it, with an "a" before; of Python's own operators Django names these.
OPERATORS = {"set": "__setitem__"}


@dataclass(frozen=True)
class Call:
    """A method with the names of the parameters that it is given."""

    name: str
    parameters: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.parameters)})"

    @property
    def is_asynchronous(self) -> bool:
        return inspect.iscoroutinefunction(getattr(SessionBase, self.name))

    @property
    def is_about_everybody(self) -> bool:
        """A class method acts on no session in particular: on all of them."""
        return inspect.ismethod(getattr(SessionBase, self.name))

    def on(self, store: SessionBase, browser_key: str) -> Any:
        """The method's result, or the coroutine that has it."""
        values = {name: ARGUMENTS[name](browser_key) for name in self.parameters}
        return getattr(store, self.name)(**values)


def public_methods() -> Iterator[str]:
    """Names of all methods that anybody may call, those behind `session[key]` and `key in session` included."""
    for name, _method in inspect.getmembers(SessionBase, inspect.isroutine):
        is_operator = name.startswith("__") and not hasattr(object, name)
        if is_operator or not name.startswith("_"):
            yield name


def calls_of(name: str) -> Iterator[Call]:
    """With what it needs, and with all that it takes where that is more and we know what to give."""
    parameters = inspect.signature(getattr(SessionBase, name)).parameters.values()
    named = [parameter for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    named = [parameter for parameter in named if parameter.name != "self"]
    needed = tuple(parameter.name for parameter in named if parameter.default is parameter.empty)
    if unknown := sorted(set(needed) - set(ARGUMENTS)):
        raise LookupError(f"give arguments for {name}: {', '.join(unknown)} (ARGUMENTS in {__name__})")
    yield Call(name, needed)
    known = tuple(parameter.name for parameter in named if parameter.name in ARGUMENTS)
    if known != needed:
        yield Call(name, known)


def plain_form(call: Call) -> Call:
    """The synchronous call that does the same."""
    return Call(twins().get(call.name, call.name), call.parameters)


def every_call() -> list[Call]:
    return [call for name in public_methods() for call in calls_of(name)]


@cache
def twins() -> dict[str, str]:
    """Each asynchronous method that has a synchronous form, and the name of that."""
    names = set(public_methods())
    found = {}
    for name in sorted(names):
        plain = OPERATORS.get(name.removeprefix("a"), name.removeprefix("a"))
        if inspect.iscoroutinefunction(getattr(SessionBase, name)) and plain in names:
            found[name] = plain
    return found
