"""Keep to the limit of concurrent sessions (ASVS 5.0 7.1.2)."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.db.models import F

from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.sessions.rules.kinds import held_to
from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.exceptions import SignInChallenged
from sessions_ui.models import EndReason, Session
from sessions_ui.models.locking import locked


def keep_to_limit(user: Any, *, new: int, begun: dict[str, Any]) -> None:
    """Make room for the session `new` of a user whose row is locked, or refuse it, as the settings say.

    `begun` is what a refused sign-in goes on from. The oldest sessions on devices that nobody confirmed go first, then
    the oldest of all. Access tokens and apps are not counted, because nobody wants a script to stop because a browser
    signed in.
    """
    limit = for_user(conf.session_limit, user)
    if limit is None:
        return
    living = Session.objects.using(router.db_for_write(Session)).of(user).living().by_owner()
    others = living.filter(held_to("is_limited")).exclude(pk=new)
    order = (F("device__confirmed_at").asc(nulls_first=True), "signed_in_at", "pk")
    # Locked, because a plain read at MariaDB's REPEATABLE READ does not see who signed in while this one waited.
    keys = list(locked(others.order_by(*order)).values_list("pk", flat=True))
    over = len(keys) + 1 - limit
    if over <= 0:
        return
    if conf.session_limit_refuses:
        raise SignInChallenged(EndReason.SESSION_LIMIT, begun=begun)
    oldest = Session.objects.filter(pk__in=keys[:over])
    end_sessions(sessions=oldest, reason=EndReason.SESSION_LIMIT, of_user=user.pk, all_living=True)
