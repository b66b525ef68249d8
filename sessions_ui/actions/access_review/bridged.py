"""What other packages let in, line by line: written when a review begins, and ended when its line says so."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.db import connections, router, transaction

from sessions_ui.actions.endings.bridged.credentials import end_by_act
from sessions_ui.actions.endings.end import Receipt
from sessions_ui.actor import actor_of
from sessions_ui.bridges.active import asked, bridge_named, bridges
from sessions_ui.bridges.pages import pages_of
from sessions_ui.bridges.protocol import Bridge, BridgedCredential
from sessions_ui.database.outages import is_connection_lost
from sessions_ui.database.transactions import is_passing, is_stopped
from sessions_ui.exceptions import ReviewRefusal, ReviewRefused, SessionsUIError
from sessions_ui.models import AccessReview, AccessReviewItem, Act, EndReason
from sessions_ui.protocols import HasPk

logger = logging.getLogger(__name__)

PAGE = 500  # credentials that are read and written at a time


def write_credentials(review: AccessReview) -> int:
    """Write a line for each credential that the bridges know of, and return how many, inside the transaction of the
    review. Of a bridge that raises there is no line, and the review names it."""
    using = router.db_for_write(AccessReviewItem)
    lines = 0
    for bridge in bridges():
        try:
            with transaction.atomic(using=using):
                lines += asked(bridge, partial(_write, review, bridge))
        except Exception as error:
            if connections[using].needs_rollback:  # all of it was taken back, or the connection is gone
                raise
            logger.warning("The bridge %s failed (%s).", bridge.name, type(error).__name__)
            review.unasked.append(bridge.name)
    if review.unasked:
        review.save(update_fields=["unasked"])
    return lines


def _write(review: AccessReview, bridge: Bridge) -> int:
    using = router.db_for_write(AccessReviewItem)
    lines = 0
    for page in pages_of(bridge, limit=PAGE):
        found = [_line(review, each) for each in page.credentials]
        AccessReviewItem.objects.using(using).bulk_create(found, batch_size=PAGE)
        lines += len(found)
    return lines


def _line(review: AccessReview, credential: BridgedCredential) -> AccessReviewItem:
    """Raises ValueError for an id that no line has room for: it could not be ended by a part of it."""
    if len(credential.id) > _room_for("credential"):
        raise ValueError("the id of a credential is too long")
    return AccessReviewItem(
        review_id=review.pk,
        kind=AccessReviewItem.Kind.CREDENTIAL,
        user_id=credential.user_id,
        package=credential.package,
        credential=credential.id,
        credential_kind=str(credential.kind),
        label=_short(credential.label, _room_for("label")),
        scopes=_short(" ".join(credential.scopes), _room_for("scopes")),
        expires_at=credential.expires_at,
        last_seen_at=credential.last_used_at,
    )


def _room_for(column: str) -> int:
    field: Any = AccessReviewItem._meta.get_field(column)
    return int(field.max_length)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def end_credential(item: AccessReviewItem, actor: HasPk) -> Receipt:
    """End the credential of this line and nothing else, inside the transaction of the decision.

    Raises `ReviewRefused` (`package_failed`) where its bridge raises, or is used no more: nothing was changed then.
    """
    review = item.review
    act = Act(
        reason=EndReason.ADMINISTRATOR,
        actor_id=actor_of(actor).pk,
        ticket=review.ticket,
        note=f"access review {review.public_id}",
    )
    bridge = bridge_named(item.package)
    if bridge is None:
        raise ReviewRefused(ReviewRefusal.PACKAGE_FAILED)
    try:
        count = end_by_act(bridge, item.user_id, [item.credential], act)
    except Exception as error:
        ours = isinstance(error, SessionsUIError)
        if ours or is_passing(error) or is_stopped(error) or is_connection_lost(error):
            raise
        logger.warning("The bridge %s failed (%s).", bridge.name, type(error).__name__)
        raise ReviewRefused(ReviewRefusal.PACKAGE_FAILED) from None
    return Receipt(act=act if count else None, ended=0, already_ended=0 if count else 1, bridged=count)
