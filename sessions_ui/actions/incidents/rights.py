"""Who may order an incident, and when a second administrator has to agree."""

from __future__ import annotations

from typing import Any

from sessions_ui import context
from sessions_ui.actions.acting_session import verify_acting_session_without_lock
from sessions_ui.conf import conf
from sessions_ui.exceptions import IncidentRefusal, IncidentRefused

ORDER_INCIDENT = "sessions_ui.order_incident"  # the permission


def verify_may_order(actor: Any) -> None:
    """Raise `IncidentRefused` where this user has no right to; `NotTheOwner` where staff uses somebody's account;
    `SessionEnded` where the session of the request that asks has ended meanwhile.

    None is the system: whoever has the command line of the site.
    """
    context.require_owner()
    verify_acting_session_without_lock()
    if actor is not None and not may_order(actor):
        raise IncidentRefused(IncidentRefusal.NOT_ALLOWED)


def may_order(user: Any) -> bool:
    """Return whether this user, None for one that is gone, has the right to order incidents."""
    return user is not None and bool(user.has_perm(ORDER_INCIDENT))


def needs_approval(actor: Any, *, sessions: int) -> bool:
    """Return whether a second administrator has to agree. The command line is not asked: it could as well change the
    setting."""
    most = conf.incident_approval_above
    return actor is not None and most is not None and (most == 0 or sessions > most)
