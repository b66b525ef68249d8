"""Begin a review: write down who has access at this moment."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.db.models import Count, F, Max, Value

from sessions_ui.actions.access_review.bridged import write_credentials
from sessions_ui.actions.access_review.rights import note_step, verify_reviewer
from sessions_ui.actor import actor_of
from sessions_ui.database.transactions import atomically
from sessions_ui.models import AccessReview, AccessReviewItem, Session
from sessions_ui.models.bulk import insert_from
from sessions_ui.protocols import HasPk

Kind = AccessReviewItem.Kind


@atomically
def open_access_review(
    *, actor: HasPk, organization_id: str = "", ticket: str = "", note: str = ""
) -> AccessReview:
    """Make a review with a line for each person who is signed in, each device and access token of
    theirs, each session of support, and each credential of another package.

    `organization_id`: of what was signed in for this organization only; empty for all. What other packages let in is
    for no organization that anybody knows, so it is on a review of all only. `ticket` (at most 100 characters) and
    `note` are for administrators. A fixed number of statements, whatever the number of people, and for other packages
    some for each 500 credentials. A bridge that raises is named in `AccessReview.unasked`. Raises `ReviewRefused`
    (`not_allowed`).
    """
    verify_reviewer(actor)
    review = AccessReview.objects.create(
        actor_id=actor_of(actor).pk, organization_id=organization_id, ticket=ticket, note=note
    )
    living = Session.objects.using(router.db_for_write(Session)).living().order_by()
    if organization_id:
        living = living.filter(organization_id=organization_id)
    own = living.by_owner().sign_ins()
    lines = _insert(review, Kind.PERSON, grouped(own, "user_id"))
    lines += _insert(review, Kind.DEVICE, grouped(own.filter(device__isnull=False), "user_id", "device_id"))
    lines += _insert(
        review, Kind.SUPPORT, grouped(living.filter(impersonated_from__isnull=False), "user_id", "pk")
    )
    lines += _insert(review, Kind.TOKEN, grouped(living.tokens(), "user_id", "pk"))
    said: dict[str, Any] = {}
    if not organization_id:
        lines += write_credentials(review)
        said = {"unasked": review.unasked} if review.unasked else {}
    note_step(review, actor, "opened", organization=organization_id, lines=lines, **said)
    return review


def grouped(sessions: Any, *keys: str) -> Any:
    return sessions.values(*keys).annotate(sign_ins=Count("pk"), seen=Max("last_seen_at"))


def _insert(review: AccessReview, kind: str, rows: Any) -> int:
    columns: dict[str, Any] = {
        "review_id": Value(review.pk),
        "kind": Value(str(kind)),
        "user_id": F("user_id"),
        "sign_ins": F("sign_ins"),
        "last_seen_at": F("seen"),
        "decision": Value(""),
    }
    if kind == Kind.DEVICE:
        columns["device_id"] = F("device_id")
    if kind in (Kind.SUPPORT, Kind.TOKEN):
        columns["session_id"] = F("pk")
    return insert_from(AccessReviewItem, rows, columns)
