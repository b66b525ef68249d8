"""Decide when a session has run out of time.

Requests are refused by this rule (`validate.py`), and the sweep ends what it finds (`endings/reconcile.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.models import EndReason, Session


def out_of_time(session: Session, user: Any, now: datetime) -> EndReason | None:
    """Return the reason why the session is out of time, otherwise None.

    Ages count from the sign-in, never from the row's creation, because anybody can age an anonymous row.
    """
    absolute, idle = for_user(conf.absolute_timeout, user), for_user(conf.idle_timeout, user)
    if absolute and session.signed_in_at and session.signed_in_at + absolute <= now:
        return EndReason.ABSOLUTE_TIMEOUT
    if session.expires_at <= now and (latest := session.latest_end_at) is not None and latest <= now:
        return EndReason.OFFBOARDED
    if session.expires_at <= now or (idle and session.last_seen_at + idle <= now):
        return EndReason.IDLE_TIMEOUT
    return None
