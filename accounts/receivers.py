"""What this site does when allauth says that something happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from accounts.sign_in import step_of
from sessions_ui import note_reauthentication


def rotate_on_reauthentication(
    request: HttpRequest, *, user: Any, method: str, reauthenticated: bool = False, **kwargs: Any
) -> None:
    """Rotate the session key: somebody who copied it before must not profit from the owner's confirmation (ASVS 5.0,
    7.2.4).

    Django rotates at sign-in by itself; allauth's re-authentication only records the time in the session.
    """
    if reauthenticated:
        request.session.cycle_key()
        step, _begins = step_of({"method": method, **kwargs})
        note_reauthentication(
            user=user,
            session_id=request.session.session_id,  # type: ignore[attr-defined]
            succeeded=True,
            method=step,
            since=set_up_at(kwargs.get("id")) if method == "mfa" else None,
        )


def set_up_at(pk: int | None) -> datetime | None:
    """Return since when this second factor is there: one that a thief has just added proves nothing. None for recovery
    codes: whoever is signed in and confirms it reads them on allauth's page, so that one proves no more than that."""
    factors = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES)
    return factors.filter(pk=pk).values_list("created_at", flat=True).first()
