"""What this site does when allauth says that something happened."""

from __future__ import annotations

import time
from typing import Any

from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from accounts.signing_in.method import provenance, shown_by
from sessions_ui import note_reauthentication


def rotate_on_reauthentication(
    request: HttpRequest, *, user: Any, method: str, reauthenticated: bool = False, **kwargs: Any
) -> None:
    """Rotate the session key: somebody who copied it before must not profit from the owner's confirmation (ASVS 5.0,
    7.2.4).

    Django rotates at sign-in by itself; allauth's re-authentication only records the time in the session. Not where the
    key is in an access token: allauth hands out no other token here, and both of the app's would be worth nothing.
    """
    if reauthenticated:
        if not is_by_access_token(request):
            request.session.cycle_key()
        note_reauthentication(
            user=user,
            session_id=request.session.session_id,  # type: ignore[attr-defined]
            succeeded=True,
            shown=shown_by(
                {"method": method, "at": time.time(), **provenance_of(kwargs.get("id")), **kwargs}
            ),
        )


def is_by_access_token(request: HttpRequest) -> bool:
    """Return whether an app has called allauth's headless API with an access token (its JWT strategy), which has the
    key of the session in it. There no cookie counts."""
    headless = getattr(getattr(request, "allauth", None), "headless", None)
    is_app = headless is not None and headless.client == "app"
    return is_app and "Authorization" in request.headers and "X-Session-Token" not in request.headers


def provenance_of(pk: int | None) -> dict[str, Any]:
    """Return since when the second factor with this key is there (`accounts.credentials.provenance`)."""
    authenticator = None if pk is None else Authenticator.objects.filter(pk=pk).first()
    return {} if authenticator is None else provenance(authenticator)
