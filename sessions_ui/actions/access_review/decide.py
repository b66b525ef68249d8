"""Sign off one line of a review, and close the review when all are."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.db.models import Count, Q
from django.utils import timezone

from sessions_ui.actions.access_review.bridged import end_credential
from sessions_ui.actions.access_review.rights import note_step, verify_reviewer
from sessions_ui.actions.endings.end import Receipt, end_sessions
from sessions_ui.actor import actor_of
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import ReviewRefusal, ReviewRefused
from sessions_ui.models import AccessReview, AccessReviewItem, EndReason, Session
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.protocols import HasPk

Kind, Decision = AccessReviewItem.Kind, AccessReviewItem.Decision


@atomically
def decide_access(*, item: AccessReviewItem, actor: HasPk, decision: str) -> Receipt | None:
    """Keep what this line names, or end it; return what ended, None where it is kept.

    `decision` is one of `AccessReviewItem.Decision`. Ending is of what is signed in at this moment: of a person
    everything, of a device what is on it, each within the review's organization; of a credential of another package
    that one. What was kept may still be ended as long as the review is open, not the other way round.
    Raises `ReviewRefused` (`not_allowed`, `closed`, `decided`, `package_failed`), and what `end_sessions()` does. One
    transaction.
    """
    verify_reviewer(actor)
    decision = Decision(decision)
    if decision is Decision.NONE:
        raise ValueError("a decision is to keep, or to end")
    review = item.review
    receipt = None
    # First: accounts are locked before anything else.
    if decision is Decision.END and item.kind == Kind.CREDENTIAL:
        receipt = end_credential(item, actor)
    elif decision is Decision.END:
        receipt = end_sessions(
            sessions=sessions_of(item),
            reason=EndReason.ADMINISTRATOR,
            actor=actor,
            ticket=review.ticket,
            note=f"access review {review.public_id}",
            of_user=item.user_id,
            unadopted=item.kind == Kind.PERSON and not review.organization_id,
        )
    before = ("", Decision.KEEP) if decision is Decision.END else ("",)
    rows = AccessReviewItem.objects.using(router.db_for_write(AccessReviewItem)).filter(pk=item.pk)
    act = receipt.act if receipt is not None else None
    decided = rows.filter(decision__in=before, review__closed_at__isnull=True)
    if not decided.update(
        decision=decision,
        decided_at=timezone.now(),
        decided_by_id=actor_of(actor).pk,
        act_id=act.pk if act else None,
    ):
        open_still = AccessReview.objects.filter(pk=review.pk, closed_at__isnull=True).exists()
        raise ReviewRefused(ReviewRefusal.DECIDED if open_still else ReviewRefusal.CLOSED)
    note_step(
        review,
        actor,
        "kept" if decision is Decision.KEEP else "ended",
        user_id=item.user_id,
        device_id=item.device_id,
        act=act,
        line=item.pk,
        kind=item.kind,
        **({"package": item.package} if item.package else {}),
    )
    return receipt


def sessions_of(item: AccessReviewItem) -> SessionQuerySet:
    """Return the sessions that a line is about, also those that signed in since the review began."""
    user_id: Any = item.user_id
    device_id: Any = item.device_id
    session_id: Any = item.session_id
    sessions = Session.objects.filter(user_id=user_id)
    if item.kind in (Kind.SUPPORT, Kind.TOKEN):
        return sessions.filter(pk=session_id)
    if item.kind == Kind.DEVICE:
        sessions = sessions.filter(device_id=device_id)
    organization = item.review.organization_id
    return sessions.filter(organization_id=organization) if organization else sessions


@atomically
def close_access_review(*, review: AccessReview, actor: HasPk) -> dict[str, int]:
    """Close a review of which every line is decided; return how many were kept and ended.

    Raises `ReviewRefused` (`not_allowed`, `undecided`, `closed`).
    """
    verify_reviewer(actor)
    using = router.db_for_write(AccessReview)
    rows = AccessReview.objects.using(using).filter(pk=review.pk, closed_at__isnull=True)
    # Before the lines are counted: from here on none of them changes.
    if not rows.update(closed_at=timezone.now(), closed_by_id=actor_of(actor).pk):
        raise ReviewRefused(ReviewRefusal.CLOSED)
    result = (
        AccessReviewItem.objects.using(using)
        .filter(review=review)
        .aggregate(
            kept=Count("pk", filter=Q(decision=Decision.KEEP)),
            ended=Count("pk", filter=Q(decision=Decision.END)),
            undecided=Count("pk", filter=Q(decision="")),
        )
    )
    if result.pop("undecided"):
        raise ReviewRefused(ReviewRefusal.UNDECIDED)
    note_step(review, actor, "closed", organization=review.organization_id, **result)
    return result
