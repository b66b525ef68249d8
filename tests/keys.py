"""A package that keeps API keys, as bridges see it: rows of Django's `LogEntry` stand for the keys, since every site of
the tests has that table. `bridged()` has the app use one of these bridges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db import connection

from sessions_ui.bridges import RowBridge
from sessions_ui.models import EndReason


class Keys(RowBridge):
    name = "keys"
    model = "admin.LogEntry"
    made = "action_time"


class Broken(Keys):
    """Ends everything, and raises before it says so."""

    name = "broken"
    is_broken = True

    def end_of(self, users: Any, reason: EndReason, **when: Any) -> Mapping[Any, int]:
        counts = super().end_of(users, reason, **when)
        if Broken.is_broken:
            raise RuntimeError("the secret of a key")
        return counts


class Unwilling(Keys):
    """Raises whatever it is asked."""

    name = "unwilling"

    def living(self) -> Any:
        raise RuntimeError("the secret of a key")


class Unpaged(Keys):
    """Has no pages, as a bridge of before there were any."""

    name = "unpaged"
    page: Any = None


class Refused(Keys):
    """Its database says no: the transaction is broken unless somebody made a savepoint."""

    name = "refused"

    def end_of(self, users: Any, reason: EndReason, **when: Any) -> Mapping[Any, int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        return {}


class Elsewhere(Keys):
    """Its rows are in another database, until somebody says that they are here."""

    name = "elsewhere"
    alias = "elsewhere"

    def database(self) -> str:
        return Elsewhere.alias


def make_keys(user: Any, number: int = 1) -> None:
    for _ in range(number):
        LogEntry.objects.create(user_id=user.pk, action_flag=1, object_repr="a key")


def keys_of(user: Any) -> int:
    return LogEntry.objects.filter(user_id=user.pk).count()


def bridged(settings: Any, *bridges: type | Callable[[], Any]) -> None:
    paths = [f"{bridge.__module__}.{bridge.__qualname__}" for bridge in bridges]
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "BRIDGES": paths}
