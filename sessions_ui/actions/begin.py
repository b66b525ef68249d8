"""A sign-in that takes several steps, and what happens to the account between them.

After the password, a second factor may be asked for many minutes later; in between the half of a sign-in waits in an
anonymous session (allauth: 15 minutes). Seen: it outlives a password reset. So the first step leaves a mark, and the
last one is refused where the account's sessions were ended, or its password changed, in between.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.crypto import constant_time_compare

from sessions_ui.actions.provider import PROVIDER_KEY
from sessions_ui.exceptions import SignInRefused
from sessions_ui.models import EndReason, Event

BEGUN_KEY = "_sessions_ui_begun"

# Endings in which nobody decided anything about the account: they leave sign-ins under way alone.
HARMLESS = (
    EndReason.SIGNED_OUT,
    EndReason.SUPERSEDED,
    EndReason.IDLE_TIMEOUT,
    EndReason.ABSOLUTE_TIMEOUT,
    EndReason.SESSION_LIMIT,
    EndReason.OFFBOARDED,  # the sign-in itself asks for the date
    EndReason.PROVIDER_SIGN_OUT,  # which sign-ins under way it means, `verify_not_signed_out()` knows better
)


def begin_sign_in(session: Any, user: Any) -> None:
    """Call it when the first step succeeded (in allauth: the adapter's `pre_login`). `session`: `request.session`."""
    session.pop(PROVIDER_KEY, None)  # of a sign-in that was given up
    session[BEGUN_KEY] = {
        "user": str(user.pk),
        "auth_hash": user.get_session_auth_hash(),
        "at": timezone.now().isoformat(),
    }


def verify_begun(mark: dict[str, str] | None, user: Any, auth_hash: str) -> None:
    """Raise `SignInRefused` where the mark of a first step does not hold any more; the user's row is locked."""
    if mark is None or mark.get("user") != str(user.pk):
        return
    if not constant_time_compare(mark["auth_hash"], auth_hash):
        raise SignInRefused(EndReason.PASSWORD_CHANGED)
    begun_at = datetime.fromisoformat(mark["at"])
    endings = Event.objects.filter(user_id=user.pk, kind=Event.Kind.ENDED, at__gte=begun_at)
    if reason := endings.exclude(reason__in=HARMLESS).values_list("reason", flat=True).first():
        raise SignInRefused(EndReason(reason))
