"""How many codes may be mailed within an hour or a day: counted by the account, and by who asks.

By the account alone, whoever knows a password could use up the codes that its owner needs to get in. By who asks alone,
whoever has many networks could guess for ever. So each has a number of their own, all who are not known together have
one as well, and nobody who is not known uses up what a confirmed device may ask for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import router
from django.utils.crypto import salted_hmac

from sessions_ui import context
from sessions_ui.actions.sessions.client import network_in
from sessions_ui.exceptions import ProofRefusal, ProofRefused
from sessions_ui.models import Session, VerificationCode
from sessions_ui.models.locking import as_they_are_now

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Codes to one account within an hour, five guesses at a million each.
MOST_A_SESSION = 5
MOST_AN_ASKER = 10  # a network, or a confirmed device: two sign-ins of a thief leave all the others theirs
MOST_OF_STRANGERS = 30  # all networks together: 150 guesses
MOST_OF_STRANGERS_A_DAY = 100  # 500 guesses: one in two thousand is right
DEVICE = "device"


def verify_pace(*, user: Any, session_id: int, asked_by: str, now: datetime) -> None:
    """Raise `ProofRefused` (`too_many`) where this session, this asker, or all strangers together have had enough.

    `asked_by` is what `asker()` returned. Called under the lock of the account.
    """
    sent = VerificationCode.objects.using(router.db_for_write(VerificationCode)).filter(
        user_id=user.pk, created_at__gt=now - DAY
    )
    rows = list(as_they_are_now(sent).values_list("created_at", "session_id", "asked_by"))
    lately = [(session, asker) for at, session, asker in rows if at > now - HOUR]
    enough = (
        sum(session == session_id for session, _asker in lately) >= MOST_A_SESSION
        or sum(asker == asked_by for _session, asker in lately) >= MOST_AN_ASKER
    )
    if not enough and not is_known(asked_by):
        strangers = [at for at, _session, asker in rows if not is_known(asker)]
        enough = (
            len(strangers) >= MOST_OF_STRANGERS_A_DAY
            or sum(at > now - HOUR for at in strangers) >= MOST_OF_STRANGERS
        )
    if enough:
        raise ProofRefused(ProofRefusal.TOO_MANY)


def asker(user: Any, session_id: int) -> str:
    """Return who asks for a code: the confirmed device of this session, else the network of the request that acts.

    A sign-in that waits for a code has no device yet. Of the network a keyed digest is returned, so that no row tells
    an address that `STORE_ADDRESSES` would not keep.
    """
    confirmed = Session.objects.filter(
        pk=session_id, user_id=user.pk, device__confirmed_at__isnull=False, device__lost_at__isnull=True
    )
    device_id = confirmed.values_list("device_id", flat=True).first()
    if device_id is not None:
        return f"{DEVICE}:{device_id}"
    now = context.current()
    network = "" if now is None else network_in(now.meta)
    return salted_hmac("sessions_ui.asker", network, algorithm="sha256").hexdigest()[:32]


def is_known(asked_by: str) -> bool:
    """Return whether it was a device that the owner had confirmed."""
    return asked_by.startswith(f"{DEVICE}:")
