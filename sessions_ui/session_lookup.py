"""Look up a session and its user by the digest of the key: the one statement of the hot path.

Most of the time of a Django query goes into building and compiling it, so it is compiled once for each database alias
and user model, and its SQL text kept; PostgreSQL parses and plans it once a connection (`prepared.py`). The rows are
hydrated as the ORM would do it, converters included. docs/performance.md says where the rest of the time goes.

What incidents have ended comes along from their one row (`Containment`), so that none of it takes a statement more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections, models, router
from django.db.models import Q
from django.db.models.base import DEFERRED
from django.db.models.manager import BaseManager

from sessions_ui.database.one_row import with_one_row
from sessions_ui.database.prepared import NamedQuery, PreparedQuery, Query
from sessions_ui.models import Containment, Limits, Session
from sessions_ui.models.primary import are_users_beside

# What a request needs of its session; everything else stays deferred: a column costs 3 µs or so (PostgreSQL).
HOT_FIELDS = (
    "id",
    "digest",
    "kind",
    "user",
    "backend",
    "auth_hash",
    "payload",
    "signed_in_at",
    "last_seen_at",
    "expires_at",
    "ended_at",
    "end_reason",
    "refused_at",
    "impersonated_from",
    "access_flags",
    "generation",
)
PLACEHOLDER = "digest"
QUERIES: dict[str, type[Query]] = {"postgresql": PreparedQuery, "sqlite": NamedQuery}


class Reads(NamedTuple):
    """What a look-up reads: these columns of the session, and beside its user these of what the relation `beside`
    leads to."""

    fields: tuple[str, ...]
    beside: str = ""
    beside_fields: tuple[str, ...] = ()


OF_SESSION = Reads(HOT_FIELDS)
# A token has no payload, and a name by which introspection knows it; when its former value was used last decides
# whether this use is noted. Whatever else views ask of either costs a statement: on SQLite a moment alone is worth 4 µs
# of conversion.
OF_TOKEN = Reads(
    ("public_id", *(name for name in HOT_FIELDS if name != "payload")),
    beside="token",
    beside_fields=("session", "name", "scopes", "agent", "overlap_ends_at", "former_used_at"),
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a result row make an instance of `model`."""

    model: type[models.Model]
    names: list[str]
    pick: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    pk: int

    @classmethod
    def of(cls, info: dict[str, Any], select: list[Any]) -> Columns:
        """Return the columns for a compiler's `klass_info`.

        They are in the order of the model's fields, because multi-table inheritance selects the parent's columns first.
        """
        positions = {select[index][0].target.attname: index for index in info["select_fields"]}
        model = info["model"]
        names = [field.attname for field in model._meta.concrete_fields]
        return cls(
            model=model,
            names=[name for name in names if name in positions],
            # `DEFERRED`, which `hydrate()` puts last, in the place of what is not loaded: `from_db()` does the same,
            # but looks every name up for every row.
            pick=itemgetter(*(positions.get(name, -1) for name in names)),
            pk=positions[model._meta.pk.attname],
        )

    def hydrate(self, alias: str, row: tuple[Any, ...]) -> Any:
        """Make an instance of a result row; None where an outer join found nothing."""
        if row[self.pk] is None:
            return None
        return self.model.from_db(alias, self.names, self.pick((*row, DEFERRED)))


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled look-up by one digest."""

    query: Query
    compiler: Any
    converters: dict[int, Any]

    @classmethod
    def of(cls, alias: str, rows: models.QuerySet[Any, Any]) -> Statement:
        """Compile the look-up of `rows`, which are filtered by `PLACEHOLDER` and nothing else."""
        compiler = rows.query.get_compiler(alias)
        sql, params = compiler.as_sql()
        assert params and set(params) == {PLACEHOLDER}, "the look-up has the digest for its parameters"
        converters = compiler.get_converters(column[0] for column in compiler.select)
        query = QUERIES.get(connections[alias].vendor, Query)
        return cls(query(sql, len(params)), compiler, converters)

    def row(self, alias: str, digest: str) -> tuple[Any, ...] | None:
        row = self.query.fetch(connections[alias], digest)
        if row is not None and self.converters:
            row = next(iter(self.compiler.apply_converters([row], self.converters)))
        return row


@dataclass(frozen=True, slots=True)
class LookUp:
    """How to find a session by its digest: by the first of the statements that finds one.

    `joined`: by the name of the relation, what comes with the session. `limits` picks what incidents have ended.
    """

    statements: list[Statement]
    session: Columns
    joined: dict[str, Columns]
    limits: Callable[[tuple[Any, ...]], tuple[Any, ...]]


_look_ups: dict[tuple[str, str, Reads], LookUp] = {}


def find(digest: str, reads: Reads = OF_SESSION) -> Session | None:
    """Return the session with this digest, or the one that had it until its key was replaced.

    The `digest` of the latter is another one then. Ended and expired ones are included; the user of one that has not
    ended comes with it where `joins_user()`, and what incidents have ended as `limits`: None before the first one.

    An ended row must be found, because it says why; and whoever comes with a key that was replaced a moment ago is
    late, not signed out. Both conditions in one statement cost 11 µs more than the first alone, a second statement for
    each unknown cookie as much as the first. The look-up is always on the database that is written to, because on a
    lagging replica an ended session lives.
    """
    alias = router.db_for_write(Session)
    look_up = look_up_on(alias, reads)
    for statement in look_up.statements:
        if (row := statement.row(alias, digest)) is not None:
            break
    else:
        return None
    session: Session = look_up.session.hydrate(alias, row)
    limits = Limits(*look_up.limits(row))
    session.__dict__["limits"] = None if limits.everyone is None else limits
    if session.ended_at is None:
        for name, columns in look_up.joined.items():
            session._state.fields_cache[name] = columns.hydrate(alias, row)
    return session


def joins_user() -> bool:
    """Return whether the user can come with the session in one statement.

    Not when they live in another database, or when the user model's default manager filters: `ModelBackend.get_user`
    asks that manager, and a join would find users that it hides (seen: soft deletion).
    """
    user_model = get_user_model()
    unfiltered = type(user_model._default_manager).get_queryset is BaseManager.get_queryset
    return unfiltered and are_users_beside(Session)


def look_up_on(alias: str, reads: Reads = OF_SESSION) -> LookUp:
    """Return the look-up of the sessions on this database, compiled once for it and the user model."""
    key = (alias, settings.AUTH_USER_MODEL, reads)
    try:
        return _look_ups[key]
    except KeyError:
        return _look_ups.setdefault(key, _compile(alias, reads))


def _compile(alias: str, reads: Reads) -> LookUp:
    fields, beside, beside_fields = reads
    names = [*(["user"] if joins_user() else []), *([beside] if beside else [])]
    rows: models.QuerySet[Any, Any] = Session.objects.using(alias).order_by()
    rows = rows.only(*fields, *(f"{beside}__{name}" for name in beside_fields))
    if names:
        rows = rows.select_related(*names)
    rows = with_one_row(
        rows, Containment, Containment.KEY, {f"limit_{name}": name for name in Limits._fields}
    )
    statements = [Statement.of(alias, rows.filter(condition)) for condition in _conditions(alias)]
    select, info = statements[0].compiler.select, statements[0].compiler.klass_info
    joined = {_name_of(each): Columns.of(each, select) for each in info.get("related_klass_infos", ())}
    return LookUp(
        statements=statements,
        session=Columns.of(info, select),
        joined=joined,
        limits=limits_at(statements[0].compiler.annotation_col_map),
    )


def _name_of(info: dict[str, Any]) -> str:
    """Return what the relation is called of which the compiler says this."""
    field = info["field"]
    name: str = field.remote_field.get_accessor_name() if info["reverse"] else field.name
    return name


def limits_at(positions: dict[str, int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Return what picks the limits out of a row, by the positions of its annotations."""
    return itemgetter(*(positions[f"limit_{name}"] for name in Limits._fields))


def _conditions(alias: str) -> list[Q]:
    """Return the conditions of the look-up: one after the other on SQLite, in one statement elsewhere.

    After ANALYZE of a table in which no key was ever replaced (all adopted, say) SQLite reads the whole of it for an OR
    (seen), and a second statement costs little where no server is asked.
    """
    now, before = Q(digest=PLACEHOLDER), Q(previous_digest=PLACEHOLDER)
    return [now, before] if connections[alias].vendor == "sqlite" else [now | before]
