"""Inside a worker: many rows, made by the database from one real row (PostgreSQL).

A session signed in through the peer's own way; its copies differ in what must be unique. That needs no knowledge of
the other columns, and takes seconds for a million.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

KEY = "'bench' || lpad(i::text, 27, '0')"
DIGEST = f"encode(sha256(({KEY})::bytea), 'hex')"
PUBLIC_ID = "'b' || lpad(i::text, 15, '0')"


def key(number: int) -> str:
    return "bench" + str(number).zfill(27)


def copies(model: Any, pk: Any, count: int, changes: dict[str, str], *, first: int = 1) -> None:
    """`count` copies of the row `pk`; `changes` maps columns to SQL over `i`, which counts from `first`."""
    automatic = model._meta.auto_field
    columns = [str(field.column) for field in model._meta.concrete_fields if field is not automatic]
    quote = connection.ops.quote_name
    values = ", ".join(changes.get(column, f"t.{quote(column)}") for column in columns)
    names = ", ".join(quote(column) for column in columns)
    table, own = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, "
            f"generate_series({first}, {first + count - 1}) AS i WHERE t.{own} = %s",
            [pk],
        )


def sessions(session_key: str, count: int, changes: dict[str, str] | None = None, *, first: int = 1) -> None:
    """Copies of the session with this key, whose keys are `key(first)` and so on."""
    changes = changes or {}
    if settings.PEER.engine == "sessions_ui.store":
        _our_sessions(session_key, count, first, changes)
        return
    app = settings.SESSION_ENGINE.split(".backends")[0].rpartition(".")[2]
    stored: Any = apps.get_model(app, "Session")
    copies(stored, session_key, count, {"session_key": KEY, **changes}, first=first)
    if settings.PEER.name == "allauth":
        listed: Any = import_module("allauth.usersessions.models").UserSession
        pk = listed.objects.get(session_key=session_key).pk
        copies(listed, pk, count, {"session_key": KEY, **changes}, first=first)


def _our_sessions(session_key: str, count: int, first: int, changes: dict[str, str]) -> None:
    """Each on a device of its own."""
    from sessions_ui.models import Device, Session, digest_of

    session = Session.objects.get(digest=digest_of(session_key))
    user = {name: sql for name, sql in changes.items() if name == "user_id"}
    before = Device.objects.order_by("pk").last()
    assert before is not None
    copies(
        Device,
        session.device_id,
        count,
        {"public_id": PUBLIC_ID, "cookie_digest": DIGEST, **user},
        first=first,
    )
    device = f"{before.pk} + i - {first - 1}"
    identity = {"public_id": PUBLIC_ID, "digest": DIGEST, "device_id": device}
    copies(Session, session.pk, count, {**identity, **changes}, first=first)


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
