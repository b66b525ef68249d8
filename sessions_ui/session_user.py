"""The user in a session's data, under Django's three keys: read from a row, or written by somebody since then."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.base import SessionBase

AUTH_KEYS = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)


class FromRow(str):
    """The user in a session's data, as read from a row.

    A copy of it signs nobody in, wherever it is written, because the row that it comes from may have ended.
    """

    __slots__ = ()


def keys_of(row: Any) -> dict[str, Any]:
    """Return Django's three keys, as the columns of a session's row say them."""
    return {
        SESSION_KEY: FromRow(row.user_id),
        BACKEND_SESSION_KEY: row.backend,
        HASH_SESSION_KEY: row.auth_hash,
    }


def columns_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same columns, as a session's data says them."""
    user_id = data.get(SESSION_KEY)
    if user_id is None:
        return {"user_id": None, "backend": "", "auth_hash": ""}
    return {
        "user_id": get_user_model()._meta.pk.to_python(user_id),
        "backend": data.get(BACKEND_SESSION_KEY, ""),
        "auth_hash": data.get(HASH_SESSION_KEY, ""),
    }


@dataclass(frozen=True, slots=True)
class WrittenUser:
    """A user (primary key) whom somebody has written into the data, with backend, session auth hash and the moment.

    The moment is one of `time.monotonic()`: it says how long ago that was, whatever the time of day is on this host.
    """

    user_id: Any
    backend: str
    auth_hash: str
    at: float


class NotesWrittenUser(SessionBase):
    """A session that remembers when a user is written into its data.

    What writes past these methods counts as written when the session was made.
    """

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._user_written_at = time.monotonic()

    def user_was_written(self) -> None:
        self._user_written_at = time.monotonic()

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        if key == SESSION_KEY:
            self.user_was_written()

    def setdefault(self, key: str, value: Any) -> Any:  # type: ignore[override]  # as in Django's base class
        if key in self:
            return self[key]
        self[key] = value
        return value

    def update(self, dict_: Mapping[str, Any]) -> None:  # type: ignore[override]  # as there
        super().update(dict_)
        if SESSION_KEY in dict_:
            self.user_was_written()
