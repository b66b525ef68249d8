"""Bridges to packages that keep a row for each credential, with a key to its user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import models, router, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from sessions_ui.bridges.protocol import BridgedCredential, BridgedKind, BridgedPage
from sessions_ui.models import EndReason

MANY = 500  # users that one statement names
LONGEST = 2**63  # a number that no column takes


class RowBridge:
    """A bridge to one model, to extend: for a package with one kind of credential, a subclass names its columns.

    `model`: "app_label.ModelName". `user`: its key to the user; `made` and `expiry`: its columns for when a credential
    was made and until when it is good, empty where there is none. `id`: a column that is unique, and neither the secret
    nor a part of it. To end is to delete the rows; a package that marks them overrides `living()` and `remove()`.
    """

    name: str
    apps: Collection[str] = ()
    model: str
    kind = BridgedKind.TOKEN
    id = "pk"
    user = "user"
    made = ""
    expiry = ""

    def database(self) -> str:
        return router.db_for_write(self.model_class())

    def model_class(self) -> type[models.Model]:
        return apps.get_model(self.model)

    def models(self) -> Collection[type[models.Model]]:
        return [self.model_class()] if self.user == "user" else []

    def living(self) -> QuerySet[Any]:
        """Return the rows that can be used now, whosever they are."""
        rows = (
            self.model_class()._base_manager.using(self.database()).filter(**{f"{self.user}__isnull": False})
        )
        return rows.filter(not_expired(self.expiry)) if self.expiry else rows

    def remove(self, rows: QuerySet[Any]) -> None:
        """End these rows, in a fixed number of statements."""
        rows.delete()

    def credential(self, row: Any) -> BridgedCredential:
        """Return what there is to tell about a row."""
        return BridgedCredential(
            package=self.name,
            id=str(getattr(row, self.id)),
            user_id=getattr(row, self._user_column),
            kind=self.kind,
            made_at=getattr(row, self.made) if self.made else None,
            expires_at=getattr(row, self.expiry) if self.expiry else None,
        )

    @property
    def _user_column(self) -> str:
        field: Any = self.model_class()._meta.get_field(self.user)
        return field.attname

    def _of(self, users: Collection[Any]) -> Iterator[QuerySet[Any]]:
        for chunk in chunks(users):
            yield self.living().filter(**{f"{self.user}__in": chunk})

    def list(self, user: Any) -> Sequence[BridgedCredential]:
        return self.list_of([user])

    def list_of(self, users: Collection[Any]) -> Sequence[BridgedCredential]:
        return newest_first(self.credential(row) for rows in self._of(users) for row in rows)

    def count_of(self, users: Collection[Any]) -> Mapping[Any, int]:
        counts: Counter[Any] = Counter()
        for rows in self._of(users):
            counts.update(count_by(rows, self._user_column))
        return counts

    def holders(self, users: QuerySet[Any] | None = None) -> Collection[Any]:
        return holders_among(self.living(), self._user_column, users)

    def end(self, user: Any, ids: Collection[str] | None, reason: EndReason) -> int:
        (rows,) = self._of([user])
        return self._end(rows if ids is None else rows.filter(**{f"{self.id}__in": self._keys(ids)})).total()

    def _keys(self, ids: Collection[str]) -> Sequence[Any]:
        """Return what stands in the column for these ids; nothing for those of a form that was never given out."""
        return [key for id in ids if (key := key_of(self._id_field, id)) is not None]

    @property
    def _id_field(self) -> Any:
        meta: Any = self.model_class()._meta
        column = meta.pk.attname if self.id == "pk" else self.id
        field = next(field for field in meta.concrete_fields if column in (field.name, field.attname))
        return field.target_field if field.is_relation else field

    def end_of(
        self, users: Collection[Any], reason: EndReason, *, made_before: datetime | None = None
    ) -> Mapping[Any, int]:
        ended: Counter[Any] = Counter()
        with transaction.atomic(using=self.database(), savepoint=False):
            for rows in self._of(users):
                ended += self._end(self.made_up_to(rows, made_before))
        return ended

    def made_up_to(self, rows: QuerySet[Any], moment: datetime | None) -> QuerySet[Any]:
        """Return those of the rows that a decision of that moment is about; all of them, where nobody knows when they
        were made."""
        return rows if moment is None or not self.made else rows.filter(**{f"{self.made}__lte": moment})

    def _end(self, rows: QuerySet[Any]) -> Counter[Any]:
        counts = count_by(rows, self._user_column)
        if counts:
            self.remove(rows)
        return counts

    def describe(self, id: str) -> BridgedCredential | None:
        row = self.living().filter(**{f"{self.id}__in": self._keys([id])}).first()
        return None if row is None else self.credential(row)

    def page(
        self,
        *,
        after: str | None,
        limit: int,
        never_ending: bool = False,
        users: Collection[Any] | None = None,
    ) -> BridgedPage:
        """Return a part of all there is, by the column `id` from its greatest value down: the newest first, where the
        values grow. Where `credential()` gives an id that is no value of the column, it has to be the beginning of one.
        """
        rows = self.never_ending(self.living()) if never_ending else self.living()
        if users is not None:
            rows = rows.filter(**{f"{self.user}__in": users})
        if after is not None:
            if not (keys := self._keys([after])):
                return BridgedPage(())
            rows = rows.filter(**{f"{self.id}__lt": keys[0]})
        return cut((self.credential(row) for row in rows.order_by(f"-{self.id}")[: limit + 1]), limit)

    def never_ending(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of the rows that never run out: whose `credential()` has no `expires_at`."""
        return rows.filter(**{f"{self.expiry}__isnull": True}) if self.expiry else rows


def cut(credentials: Iterable[BridgedCredential], limit: int) -> BridgedPage:
    """Return the first `limit` of these, of which one more was read than that: it says that there is a next part."""
    found = tuple(credentials)
    return BridgedPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def key_of(field: Any, id: str) -> Any:
    """Return the value of this column that the id names; None where it can be none of it."""
    if "\0" in id:  # PostgreSQL takes it in no text
        return None
    try:
        key = field.to_python(id)
    except (ValidationError, TypeError, ValueError):
        return None
    return None if isinstance(key, int) and not 0 <= key < LONGEST else key


def not_expired(column: str) -> Q:
    """Return the condition for what has not run out, or never does."""
    return Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__gt": timezone.now()})


def chunks(users: Iterable[Any]) -> Iterator[list[Any]]:
    keys = list(users)
    for start in range(0, len(keys), MANY):
        yield keys[start : start + MANY]


def count_by(rows: QuerySet[Any], user_column: str) -> Counter[Any]:
    """Return how many of the rows each user has."""
    return Counter(dict(rows.order_by().values_list(user_column).annotate(Count("pk"))))


def newest_first(credentials: Iterator[BridgedCredential]) -> Sequence[BridgedCredential]:
    """Return them sorted; last those of which nobody knows when they were made."""
    found = [*credentials]
    known = [(each.made_at, each) for each in found if each.made_at is not None]
    newest = sorted(known, key=lambda pair: pair[0], reverse=True)
    return [*(each for _made_at, each in newest), *(each for each in found if each.made_at is None)]


def holders_among(rows: QuerySet[Any], user_column: str, users: QuerySet[Any] | None) -> set[Any]:
    """Return whose these rows are, as far as they are among these users (everybody, for None)."""
    of_rows = rows.order_by()
    if users is None:
        return set(of_rows.values_list(user_column, flat=True).distinct())
    users = users.using(router.db_for_write(get_user_model()))
    if users.db == rows.db:
        of_rows = of_rows.filter(**{f"{user_column}__in": users.order_by().values("pk")})
        return set(of_rows.values_list(user_column, flat=True).distinct())
    everybody = set(of_rows.values_list(user_column, flat=True).distinct())
    return {
        pk for chunk in chunks(everybody) for pk in users.filter(pk__in=chunk).values_list("pk", flat=True)
    }
