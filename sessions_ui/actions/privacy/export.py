"""Hand out all that is stored about somebody, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import router
from django.db.models import Q, QuerySet
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.acting_session import verify_acting_session_without_lock
from sessions_ui.actions.batches import BATCH
from sessions_ui.actions.help_desk.find_user import address_of
from sessions_ui.actions.privacy.inventory import INVENTORY, Data, Table, table_of
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Event
from sessions_ui.models.primary import all_users
from sessions_ui.protocols import HasPk

FORMAT = "sessions_ui.personal_data/1"
YOU, SOMEBODY_ELSE = "you", "somebody else"
# What is told of acts in the accounts of others: from where somebody acted is theirs, whose account it was is not. By
# the model: the lookup of who acted, which of those rows (by an index, because people ask for this on a page), which
# columns beside those of the client.
AS_STAFF: dict[str, tuple[str, Q, tuple[str, ...]]] = {
    "Act": ("actor", Q(), ("at", "reason", "count")),
    "Case": ("agent", Q(), ("opened_at", "reason")),
    "Session": ("impersonator", Q(impersonated_from__isnull=False), ("signed_in_at", "ended_at")),
    "EventDetail": ("event__actor", Q(event__kind=Event.Kind.IMPERSONATED), ("event__at", "event__kind")),
}
# What the person is not told of what staff did in their account, beside who it was: from where, and in which words.
OF_STAFF = frozenset(
    {
        "text",
        *("address", "first_address", "user_agent", "first_user_agent", "browser_version", "system_version"),
        *("place", "first_place", "first_country"),
    }
)


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of the export: the name of their list, which rows, and which columns.

    `actors`: those of the columns that have the key of whoever acted. `words_of`: who has written `text`, a lookup;
    empty where that is nobody's.
    """

    name: str
    rows: QuerySet[Any]
    columns: tuple[str, ...]
    actors: frozenset[str] = frozenset()
    words_of: str = ""


class TooMuch(Exception):
    """There are more rows than may be put together in memory (`EXPORT_MAX_ROWS`)."""


@atomically
def note_export(*, user: HasPk, actor: HasPk | None, part: Mapping[str, str] | None = None) -> Event:
    """Append the event that what is stored about `user` was handed out to `actor`, None for the system; return it.

    It is called before anything is handed out: nobody gets it without a trace. `part` says what was, and as what, where
    it was not all. Raises `NotTheOwner` where staff uses an
    account, `TryAgain` or `OutcomeUnknown` as `end_sessions()` does.
    """
    context.require_owner()
    verify_acting_session_without_lock()
    return events.append(
        Event.Kind.DATA_EXPORTED, user_id=user.pk, actor_id=actor_of(actor).pk, data=dict(part or {})
    )


def export_for_page(*, user: HasPk, actor: HasPk | None, for_owner: bool) -> bytes:
    """Return the export as a whole, and append its event.

    `for_owner`: for the person, without the notes of staff, and without who else acted and from where. Raises `TooMuch`
    beyond `EXPORT_MAX_ROWS`, and nothing is handed out then; else what `note_export()` raises.
    """
    left = conf.export_max_rows
    for part in parts(user.pk, for_owner=for_owner):
        left -= part.rows.order_by()[: left + 1].count()
        if left < 0:
            raise TooMuch
    note_export(user=user, actor=actor)
    return "".join(export(user=user, for_owner=for_owner)).encode()


def export(*, user: HasPk, for_owner: bool) -> Iterator[str]:
    """Yield the JSON of all that is stored about `user`, who may be deleted already, in pieces of bounded size.

    An object with a list for each model, a row for each row, in the order in which they came; columns have the names of
    the fields. What lets somebody in is left out (`Data.SECRET`). Times have an offset. The rows are read in batches,
    not in one transaction: what is written meanwhile may be in it or not. The caller appends the event first.
    """
    yield "{\n" + ",\n".join(f"{_json(name)}: {_json(value)}" for name, value in _head(user.pk).items())
    for part in parts(user.pk, for_owner=for_owner):
        yield f",\n{_json(part.name)}: ["
        separator = "\n"
        for row in _read(part):
            yield separator + _json(_told(row, part, user.pk, for_owner=for_owner))
            separator = ",\n"
        yield "\n]"
    yield "\n}\n"


def parts(user_pk: Any, *, for_owner: bool) -> list[Part]:
    """Return which rows and columns the export has."""
    hidden = {Data.SECRET, Data.NOTE} if for_owner else {Data.SECRET}
    shown = [data for data in Data if data not in hidden]
    own = [
        _part(table, _using(table).filter(**{f"{table.owner}_id": user_pk}), shown)
        for table in INVENTORY
        if table.owner
    ]
    decided = _using(table_of("Event")).filter(user_id=user_pk, act__isnull=False)
    acts = _using(table_of("Act")).filter(pk__in=decided.values("act_id"))
    return [*own, _part(table_of("Act"), acts, shown), *_as_staff(user_pk, acts)]


def _part(table: Table, rows: QuerySet[Any], shown: list[Data]) -> Part:
    columns = tuple(table.fields(*shown))
    words_of = "event__actor_id" if "text" in columns else ""
    return Part(
        table.rows._meta.db_table,
        rows,
        (*columns, words_of) if words_of else columns,
        frozenset(table.fields(Data.ACTOR)),
        words_of,
    )


def _as_staff(user_pk: Any, own_acts: QuerySet[Any]) -> Iterator[Part]:
    for model, (actor, which, columns) in AS_STAFF.items():
        table = table_of(model)
        rows = _using(table).filter(which, **{f"{actor}_id": user_pk})
        own = {f"{table.owner}_id": user_pk} if table.owner else {"pk__in": own_acts.values("pk")}
        rows = rows.exclude(**own)
        client = table.fields(Data.ADDRESS, Data.USER_AGENT)
        yield Part(f"{table.rows._meta.db_table} as staff", rows, (*columns, *client))


def _using(table: Table) -> QuerySet[Any]:
    rows: QuerySet[Any] = table.rows._base_manager.using(router.db_for_write(table.rows))
    return rows


def _read(part: Part) -> Iterator[dict[str, Any]]:
    """Yield the rows as dictionaries, read in batches by the primary key."""
    rest = part.rows
    while batch := list(rest.order_by("pk").values("pk", *part.columns)[:BATCH]):
        last = batch[-1]["pk"]
        yield from batch
        rest = part.rows.filter(pk__gt=last)


def _told(row: dict[str, Any], part: Part, user_pk: Any, *, for_owner: bool) -> dict[str, Any]:
    """Return what is handed out of a row."""
    del row["pk"]
    author = row.pop(part.words_of) if part.words_of else None
    told = {
        name: _value(value, name in part.actors, user_pk, for_owner=for_owner) for name, value in row.items()
    }
    is_of_staff = author not in (None, user_pk) or row.get("impersonated_from") is not None
    if for_owner and is_of_staff:
        return {name: value for name, value in told.items() if name not in OF_STAFF}
    return told


def _value(value: Any, is_actor: bool, user_pk: Any, *, for_owner: bool) -> Any:
    if isinstance(value, datetime):
        return moments.aware(value)
    if is_actor and value is not None and (value == user_pk or for_owner):
        return YOU if value == user_pk else SOMEBODY_ELSE
    if for_owner and isinstance(value, dict):
        return {key: each for key, each in value.items() if key != "ticket"}
    return value


def _head(user_pk: Any) -> dict[str, Any]:
    """Return what is said before the rows: who it is, and what the site says of how they sign in."""
    user = all_users().filter(pk=user_pk).first()
    account: dict[str, Any] = {"key": user_pk, "deleted": user is None}
    if user is not None:
        account |= {"user_name": user.get_username(), "email": address_of(user)}
        account["addresses"] = [
            {
                "address": each.address,
                "verified_at": _value(each.verified_at, False, user_pk, for_owner=False),
                "removed_at": _value(each.removed_at, False, user_pk, for_owner=False),
            }
            for each in conf.address_book().addresses(user)
        ]
        account["credentials"] = [
            {
                "kind": str(each.kind),
                "name": each.label,
                "since": _value(each.since, False, user_pk, for_owner=False),
            }
            for each in conf.credentials().of(user)
        ]
    return {"format": FORMAT, "made_at": moments.aware(timezone.now()), "account": account}


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
