"""The result of a review for others: CSV for a spreadsheet, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sessions_ui.actions.access_review.rights import note_step, verify_reviewer
from sessions_ui.actions.access_review.titles import device_titles
from sessions_ui.database import moments
from sessions_ui.models import AccessReview, AccessReviewItem, AccessToken
from sessions_ui.models.primary import all_users
from sessions_ui.protocols import HasPk
from sessions_ui.wording.spreadsheet import csv_text

FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
PAGE = 500  # lines that are read at a time
COLUMNS = (
    "line",
    "kind",
    "user",
    "account",
    "device",
    "device_name",
    "session",
    "token_name",
    "scopes",
    "package",
    "credential",
    "expires_at",
    "sign_ins",
    "last_seen_at",
    "decision",
    "decided_at",
    "decided_by",
)


def export_access_review(*, review: AccessReview, form: str, actor: HasPk) -> Iterator[str]:
    """Return the result in pieces of text; `form` is "csv" (with a heading) or "json" (the review, and its lines).

    An export is an event. Raises `ReviewRefused` (`not_allowed`), and `ValueError` for another form.
    """
    if form not in FORMATS:
        raise ValueError(f"no such form: {form!r}")
    verify_reviewer(actor)
    note_step(review, actor, "exported", format=form)
    return _csv(review) if form == "csv" else _json(review)


def _csv(review: AccessReview) -> Iterator[str]:
    yield csv_text([COLUMNS])
    for rows in pages_of(review):
        yield csv_text([row[name] for name in COLUMNS] for row in rows)
    if review.unasked:
        yield csv_text([unasked_row(package)[name] for name in COLUMNS] for package in review.unasked)


def _json(review: AccessReview) -> Iterator[str]:
    about = {
        "review": review.public_id,
        "organization": review.organization_id or None,
        "ticket": review.ticket,
        "opened_at": said(review.created_at),
        "opened_by": said(review.actor_id),
        "closed_at": said(review.closed_at),
        "closed_by": said(review.closed_by_id),
        # What other packages let in: whose bridge could not say, and whether anybody was asked at all.
        "packages_unasked": review.unasked,
        "has_packages": not review.organization_id,
    }
    yield json.dumps(about)[:-1] + ', "lines": ['
    is_first = True
    for rows in pages_of(review):
        yield ("\n" if is_first else ",\n") + ",\n".join(map(json.dumps, rows))
        is_first = False
    yield "\n]}\n"


def pages_of(review: AccessReview) -> Iterator[list[dict[str, Any]]]:
    """Yield the lines in their order, `PAGE` at a time."""
    after = 0
    items = AccessReviewItem.objects.filter(review=review).select_related("device", "session__token")
    items = items.defer("session__payload").order_by("pk")
    while page := list(items.filter(pk__gt=after)[:PAGE]):
        names = all_users().in_bulk({item.user_id for item in page})
        titles = device_titles(review, {item.user_id for item in page})
        yield [row_of(item, names.get(item.user_id), titles.get(item.pk, "")) for item in page]
        after = page[-1].pk


def row_of(item: AccessReviewItem, user: Any, device_name: str) -> dict[str, Any]:
    return {
        "line": item.pk,
        "kind": item.kind,
        "user": said(item.user_id),
        "account": str(user) if user is not None else "",
        "device": item.device.public_id if item.device else "",
        "device_name": device_name,
        "session": item.session.public_id if item.session else "",
        "token_name": token.name if (token := token_of(item)) else item.label,
        "scopes": token.scopes if token else item.scopes,
        "package": item.package,
        "credential": item.credential,
        "expires_at": until(item),
        "sign_ins": item.sign_ins,
        "last_seen_at": said(item.last_seen_at),
        "decision": item.decision,
        "decided_at": said(item.decided_at),
        "decided_by": said(item.decided_by_id),
    }


def until(item: AccessReviewItem) -> Any:
    """Return when a credential of another package ends by itself, "never" where it does not; None for other lines."""
    if item.kind != AccessReviewItem.Kind.CREDENTIAL:
        return None
    return said(item.expires_at) or "never"


def unasked_row(package: str) -> dict[str, Any]:
    """Return the row of a package that could not say whom it lets in: a file without it would look complete."""
    row = dict.fromkeys(COLUMNS, "")
    return {**row, "kind": "could not be asked", "package": package}


def token_of(item: AccessReviewItem) -> AccessToken | None:
    """Return the token that a line is about; None where it is about something else, or the token was purged."""
    return getattr(item.session, "token", None)


def said(value: Any) -> Any:
    """Return a moment as ISO 8601, and a primary key as text; None stays None."""
    if value is None:
        return None
    return moments.in_utc(value).isoformat() if isinstance(value, datetime) else str(value)
