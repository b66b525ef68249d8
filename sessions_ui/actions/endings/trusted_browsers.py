"""Void what lets a browser skip a second factor, where sessions end for a reason that casts doubt on it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import router

from sessions_ui import signals
from sessions_ui.database.transactions import after_commit
from sessions_ui.models import EndReason, Session

VOIDING = frozenset({EndReason.DEVICE_LOST, EndReason.NOT_ME, EndReason.SIGNED_OUT_EVERYWHERE})


def void_trust(user_ids: Iterable[Any], reason: EndReason) -> None:
    """Tell the host project after commit, once for each user, if the reason asks for it.

    This app itself has no such cookie, and refuses allauth's (check E006); a device's confirmation is taken away by the
    actions that doubt it.
    """
    if reason not in VOIDING:
        return
    for user_id in user_ids:
        tell = partial(signals.trust_voided.send_robust, Session, user_id=user_id, reason=reason)
        after_commit(tell, using=router.db_for_write(Session))
