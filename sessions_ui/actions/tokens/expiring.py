"""Tell people that an access token of theirs ends soon."""

from __future__ import annotations

import logging
from datetime import datetime

from django.utils import timezone

from sessions_ui import outbox
from sessions_ui.actions.trusted_addresses import receivers_of
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.database.transactions import atomically
from sessions_ui.models import AccessToken, Event

logger = logging.getLogger(__name__)

AT_ONCE = 500  # tokens a run; the rest waits for the next
# Of its whole life: what was made for a week is not told of at once.
LAST_PART = 4


def warn_of_expiring() -> int:
    """Mail the owner of each access token that ends soon, once; return how many tokens that were.

    That is `TOKEN_WARNING` before its end, and no earlier than in the last quarter of the life that it was given. One
    that fails is logged, and keeps neither the others nor the next run from it.
    """
    now = timezone.now()
    waiting = (
        AccessToken.objects.select_related("session")
        .defer("session__payload")
        .valid()
        .filter(warned_at__isnull=True, session__expires_at__lte=now + conf.token_warning)
    )
    told = 0
    for token in list(waiting.order_by("session__expires_at", "pk")):
        if told >= AT_ONCE:
            break
        if not is_due(token, now):
            continue
        try:
            told += _warn(token, now)
        except Exception:
            logger.exception("The end of an access token could not be told; the next run tries it again")
    return told


def is_due(token: AccessToken, now: datetime) -> bool:
    """Return whether its owner is to be told now, of a token that ends within `TOKEN_WARNING`."""
    session = token.session
    since = session.rotated_at or session.signed_in_at or session.created_at
    return session.expires_at - now <= (session.expires_at - since) / LAST_PART


@atomically
def _warn(token: AccessToken, now: datetime) -> bool:
    rows = AccessToken.objects.valid().filter(pk=token.pk)
    # Two at once: the second finds it claimed. Not by a join, which no database updates by.
    if not rows.exists() or not AccessToken.objects.filter(pk=token.pk, warned_at__isnull=True).update(
        warned_at=now
    ):
        return False
    event = events.append(
        Event.Kind.TOKEN_EXPIRES,
        user_id=token.session.user_id,
        session_id=token.pk,
        data={"expires_at": moments.aware(token.session.expires_at).isoformat()},
        text=token.name,
    )
    outbox.enqueue_event(event, receivers_of(token.session.user_id))
    return True
