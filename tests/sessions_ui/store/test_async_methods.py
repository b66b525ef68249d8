"""Asynchronous methods take a thread where the database may be asked, and only there."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any

import pytest

from sessions_ui.store import SessionStore
from sessions_ui.store.async_methods import twins

IN_MEMORY = {
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
EVERYTHING = {synchronous: asynchronous for asynchronous, synchronous in twins()}


def noting(threads: dict[str, int], twin: str) -> Callable[..., None]:
    return lambda *args: threads.update({twin: get_ident()})


@pytest.mark.parametrize(
    ("key", "is_loaded", "here"),
    [("0" * 32, True, IN_MEMORY), ("0" * 32, False, set()), (None, False, IN_MEMORY)],
    ids=["loaded", "not loaded yet", "without a key"],
)
async def test_what_is_in_memory_takes_no_thread(key: str | None, is_loaded: bool, here: set[str]) -> None:
    threads: dict[str, int] = {}
    for twin, name in EVERYTHING.items():
        noted: dict[str, Any] = {twin: noting(threads, twin)}
        store = type("Noting", (SessionStore,), noted)(key)
        if is_loaded:
            store._session_cache = {}
        await getattr(store, name)()
    assert threads.keys() == EVERYTHING.keys()
    assert {twin for twin, thread in threads.items() if thread == get_ident()} == here
