"""What this site does when allauth says that something happened."""

from __future__ import annotations

import time
from typing import Any

from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from accounts.sign_in import provenance, shown_by
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
        note_reauthentication(
            user=user,
            session_id=request.session.session_id,  # type: ignore[attr-defined]
            succeeded=True,
            shown=shown_by(
                {"method": method, "at": time.time(), **provenance_of(kwargs.get("id")), **kwargs}
            ),
        )


def provenance_of(pk: int | None) -> dict[str, Any]:
    """Return since when the second factor with this key is there (`accounts.sign_in.provenance()`)."""
    authenticator = None if pk is None else Authenticator.objects.filter(pk=pk).first()
    return {} if authenticator is None else provenance(authenticator)
