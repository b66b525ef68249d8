"""Note that an access token was used, when and from where: throttled, conditional, best effort."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.db import router

from sessions_ui.actions.tokens.authenticate import Bearer
from sessions_ui.client import ClientInfo
from sessions_ui.conf import conf
from sessions_ui.database.transactions import noted
from sessions_ui.models import AccessToken, Session


def is_due(bearer: Bearer, now: datetime) -> bool:
    """Return whether this use is to be noted: the first one, and then one in `LAST_SEEN_EVERY`. Of the former value
    that goes by its own uses: those of the new one say nothing about who still has it."""
    last = bearer.token.former_used_at if bearer.is_former else bearer.token.last_used_at
    return last is None or last + conf.last_seen_every <= now


def note_use(*, bearer: Bearer, client: ClientInfo | None, now: datetime) -> None:
    """Record that the token is in use, and from where; `client` is None where somebody else asks for its holder, and
    nobody knows where that is. It can revive nothing: the write is conditional on the current value and on not having
    ended; and a failure is no reason to fail the request."""
    using = router.db_for_write(Session)
    session = bearer.session
    row = Session.objects.using(using).filter(pk=session.pk, digest=session.digest, ended_at__isnull=True)
    columns: dict[str, Any] = {"last_seen_at": now}
    if client is not None:
        columns |= {
            "address": client.address,
            "place": client.place.to_dict() if client.place else None,
            "user_agent": client.user_agent,
        }
    noted(partial(row.filter(last_seen_at=session.last_seen_at).update, **columns), using=using)
    if bearer.is_former:
        # Of another rotation than the one it was looked up at, it would be said of the wrong value.
        tokens = AccessToken.objects.using(using).filter(pk__in=row.values("pk"))
        noted(partial(tokens.update, former_used_at=now), using=using)
