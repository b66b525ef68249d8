"""Sessions as other engines leave them, signed by Django's own engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.db import connection
from django.utils import timezone
from django.utils.crypto import get_random_string

from tests.sessions_ui.adopt.old_tables import old_tables

TABLES = {
    "db": "django_session",
    "user_sessions": "user_sessions_session",
    "qsessions": "qsessions_session",
}
CHROME_ON_WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36"
)


@pytest.fixture(scope="module")
def tables(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """All of them, for the tests of a module."""
    with django_db_blocker.unblock(), old_tables("django", "allauth", "user_sessions", "qsessions"):
        yield


def insert(table: str, **values: Any) -> None:
    """Adapted as a field of the table would do it."""
    adapted = {
        name: connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    columns = ", ".join(connection.ops.quote_name(name) for name in adapted)
    marks = ", ".join(["%s"] * len(adapted))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(adapted.values()))


class OldSessions(Protocol):
    def __call__(
        self,
        user: Any = None,
        *,
        source: str = "db",
        age: timedelta = ...,
        expires: timedelta = ...,
        data: dict[str, Any] | None = None,
        **columns: Any,
    ) -> str: ...


@pytest.fixture
def old_session(monkeypatch: pytest.MonkeyPatch) -> OldSessions:
    """`old_session(user, source="qsessions", age=timedelta(days=3), ip=…)`: the key of one more old session, which was
    signed in and last saved `age` ago."""

    def make(
        user: Any = None,
        *,
        source: str = "db",
        age: timedelta = timedelta(hours=1),
        expires: timedelta = timedelta(days=10),
        data: dict[str, Any] | None = None,
        **columns: Any,
    ) -> str:
        now = timezone.now()
        key = get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789")
        content = dict(data or {})
        if user is not None:
            content[SESSION_KEY] = str(user.pk)
            content[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
            content[HASH_SESSION_KEY] = user.get_session_auth_hash()
        with monkeypatch.context() as patch:
            patch.setattr(signing.time, "time", lambda: (now - age).timestamp())
            payload = columns.pop("session_data", None) or SessionStore().encode(content)
        if source in ("user_sessions", "qsessions"):
            seen = "last_activity" if source == "user_sessions" else "updated_at"
            columns = {"user_id": getattr(user, "pk", None), seen: now - age, **columns}
        insert(TABLES[source], session_key=key, session_data=payload, expire_date=now + expires, **columns)
        return key

    return make


@pytest.fixture
def listed_by_allauth() -> Callable[..., None]:
    def make(user: Any, key: str, **columns: Any) -> None:
        insert("usersessions_usersession", session_key=key, user_id=user.pk, data="{}", **columns)

    return make


@pytest.fixture
def client_with(browser: Any) -> Callable[[str], Any]:
    """A browser that comes with the cookie it has had all along."""

    def make(key: str, **options: Any) -> Any:
        client = browser(**options)
        client.cookies[settings.SESSION_COOKIE_NAME] = key
        return client

    return make


@pytest.fixture
def adopting(settings: Any) -> Any:
    """`adopting("qsessions", days=-1)` switches it on, or has switched it off a day ago."""

    def switch(source: str = "db", days: float = 3) -> None:
        until = timezone.now() + timedelta(days=days)
        settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADOPT_FROM": source, "ADOPT_UNTIL": until}

    return switch


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)
