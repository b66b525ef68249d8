"""Forget addresses and user agents that are older than the site may keep them (`FORGET_CLIENTS_AFTER`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from sessions_ui.actions.batches import delete_rows, update_rows
from sessions_ui.conf import conf
from sessions_ui.models import EventDetail, Session

# A detail of an event that says from where, or with what.
OF_CLIENT = Q(address__isnull=False) | ~Q(user_agent="")
AT_SIGN_IN: dict[str, Any] = {"first_address": None, "first_user_agent": ""}
AT_LAST_USE: dict[str, Any] = {"address": None, "user_agent": "", "browser_version": "", "system_version": ""}
# Where there is any of it.
FIRST = Q(first_address__isnull=False) | ~Q(first_user_agent="")
LATEST = Q(address__isnull=False) | ~Q(user_agent="") | ~Q(browser_version="") | ~Q(system_version="")


def forget_clients(now: datetime) -> int:
    """Take addresses and user agents out of what is older than the setting says; return how many rows had any.

    What a session says of its sign-in goes by the time of that, what it says of now by its last use: a session that
    lives is used from a new address at the next request. The detail of an event is deleted as a whole, and never
    changed, because its seal covers all of it; why staff used an account stays with the session. Places, and what a
    device is called, are kept.
    """
    if conf.forget_clients_after is None:
        return 0
    old = now - conf.forget_clients_after
    # What was last used so long ago was signed in before that: nearly all rows, in one UPDATE each.
    forgotten = update_rows(
        Session.objects.filter(FIRST | LATEST, last_seen_at__lte=old), **AT_SIGN_IN, **AT_LAST_USE
    )
    signed_in = Q(signed_in_at__lte=old) | Q(signed_in_at__isnull=True, created_at__lte=old)
    forgotten += update_rows(Session.objects.filter(signed_in, FIRST), **AT_SIGN_IN)
    return forgotten + delete_rows(EventDetail.objects.filter(OF_CLIENT, event__at__lte=old))
