"""Lists in parts, each of which begins where the last one ended: by the key of its last row, and not by a number of
rows, which is another one as soon as a row comes or goes."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, TypeVar

from django.db.models import Model, QuerySet
from ninja import Query
from pydantic import Field

from sessions_ui.api.json.fields import NO_NUL, Shape
from sessions_ui.api.json.problems import Problem

USUAL, MOST = 50, 100
LARGEST_KEY = 2**63 - 1

Row = TypeVar("Row", bound=Model)

Limit = Annotated[int, Query(USUAL, ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[
    str | None,
    Query(
        None,
        max_length=64,
        pattern=NO_NUL,
        description="`next` of the answer before; left out, the list from its beginning.",
    ),
]


class Page(Shape):
    """What every list has beside its `data`."""

    next: str | None = Field(description="The cursor of the next part; null where this is the last one.")


def page_of(rows: QuerySet[Row, Any], *, limit: int, cursor: str | None) -> tuple[list[Row], str | None]:
    """Return a part of these rows, the newest first, and the cursor of the next one.

    It names the row that was the last. Whether that row has ended by then, or is gone, makes no difference.
    """
    if cursor is not None:
        rows = rows.filter(pk__lt=key_in(cursor))
    found = list(rows.order_by("-pk")[: limit + 1])
    part = found[:limit]
    return part, cursor_at(part[-1].pk) if len(found) > limit else None


def cursor_at(key: int) -> str:
    return urlsafe_b64encode(f"k{key}".encode()).decode().rstrip("=")


def key_in(cursor: str) -> int:
    """Return the key that a cursor names; raise `Problem` for whatever is none of ours."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        key = int(text[1:])
    except ValueError:
        key = -1
    if not 0 <= key <= LARGEST_KEY or cursor_at(key) != cursor:
        raise Problem(422, "invalid-cursor", "This cursor is not valid.")
    return key
