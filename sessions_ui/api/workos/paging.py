"""Lists in pages, in both directions. A cursor is the id of something that was in the list, and stays a position when
that is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from sessions_ui.api.workos.errors import wrong
from sessions_ui.api.workos.fields import parameter

LIMIT, MOST = 10, 100
ORDERS = ("asc", "desc", "normal")


@dataclass(frozen=True, slots=True)
class Paging:
    """What is asked for: so many, in which order, and from where on.

    `after` and `before` are ids, in the order of the list: what comes after the one, or in front of the other.
    `normal` is the newest first as well, with the two the other way round: `after` what is newer.
    """

    limit: int
    order: str
    after: str | None
    before: str | None

    @property
    def is_descending(self) -> bool:
        return self.order != "asc"

    @property
    def is_reversed(self) -> bool:
        return self.order == "normal"


@dataclass(frozen=True, slots=True)
class Page:
    """The rows in the order of the list, and whether there are more on either side."""

    rows: list[Any]
    has_more_before: bool
    has_more_after: bool


def paging_of(request: HttpRequest, *, order: str) -> Paging:
    """Return what the parameters ask for; `order` is the one of the list where nothing is said."""
    limit = parameter(request, "limit") or str(LIMIT)
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 3 and 1 <= int(limit) <= MOST):
        raise wrong("limit", "invalid", f"`limit` has to be a number from 1 to {MOST}.")
    asked = parameter(request, "order") or order
    if asked not in ORDERS:
        raise wrong("order", "invalid", f"`order` has to be one of {', '.join(ORDERS)}.")
    after, before = parameter(request, "after"), parameter(request, "before")
    if after and before:
        raise wrong("before", "invalid", "Use either `before` or `after`, not both.")
    if asked == "normal":
        after, before = before, after
    return Paging(int(limit), asked, after, before)


def page_of(rows: QuerySet[Any], paging: Paging, *, key: str, place_of: Callable[[str], Any]) -> Page:
    """Return a page of the rows, which are ordered by the column `key`. `place_of` returns the value of that column for
    a cursor, None where it has never been in the list. Two statements at most."""
    backwards = paging.before is not None
    if (cursor := paging.before if backwards else paging.after) is not None:
        if (place := place_of(cursor)) is None:
            given = "before" if backwards is not paging.is_reversed else "after"
            raise wrong(given, "invalid_cursor", f"`{given}` is no id of this list.")
        greater = paging.is_descending is backwards
        rows = rows.filter(**{f"{key}__{'gt' if greater else 'lt'}": place})
    descending = paging.is_descending is not backwards
    found = list(rows.order_by(f"-{key}" if descending else key)[: paging.limit + 1])
    has_more = len(found) > paging.limit
    found = found[: paging.limit]
    if backwards:
        return Page(found[::-1], has_more_before=has_more, has_more_after=bool(found))
    return Page(found, has_more_before=cursor is not None and bool(found), has_more_after=has_more)


def list_document(page: Page, paging: Paging, documents: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the list as the clients read it. They go on with `after` until it is null."""
    before = documents[0]["id"] if page.has_more_before else None
    after = documents[-1]["id"] if page.has_more_after else None
    if paging.is_reversed:
        before, after = after, before
    return {"object": "list", "data": documents, "list_metadata": {"before": before, "after": after}}
