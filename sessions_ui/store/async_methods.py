"""The asynchronous half of Django's session contract: each method runs its synchronous twin.

Django's own asynchronous methods do not all call their synchronous twin: `acycle_key()` creates a row and deletes the
old one, which an engine whose `cycle_key()` does something else never hears of (seen: it revived a session that had
ended). So every one of them is made here, also those of a later Django.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import SessionBase

# Twins that only look at, or change, what was loaded: once it was, they need no thread.
IN_MEMORY = frozenset(
    {
        "__setitem__",
        "get",
        "pop",
        "setdefault",
        "update",
        "has_key",
        "keys",
        "values",
        "items",
        "set_test_cookie",
        "test_cookie_worked",
        "delete_test_cookie",
        "get_expiry_age",
        "get_expiry_date",
        "set_expiry",
        "get_expire_at_browser_close",
        "_get_session",
    }
)


class AsyncMethods(SessionBase):
    """A session store whose asynchronous methods run the synchronous ones, including a subclass's own."""

    @classmethod
    async def aclear_expired(cls) -> None:
        await sync_to_async(cls.clear_expired)()


def twins() -> Iterator[tuple[str, str]]:
    """Yield every asynchronous method of Django's base class, public or not, with the name of its synchronous twin."""
    for name in set(dir(SessionBase)) - {"aclear_expired"}:
        if iscoroutinefunction(getattr(SessionBase, name)):
            yield name, "__setitem__" if name == "aset" else name.replace("a", "", 1)


def by_way_of(twin_name: str, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
    @wraps(getattr(SessionBase, name))
    async def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        twin = getattr(self, twin_name)
        if twin_name in IN_MEMORY and ("_session_cache" in self.__dict__ or self.session_key is None):
            return twin(*args, **kwargs)
        return await sync_to_async(twin)(*args, **kwargs)

    return method


for _name, _twin in twins():
    setattr(AsyncMethods, _name, by_way_of(_twin, _name))
