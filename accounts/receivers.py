"""What this site does when allauth says that something happened."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def rotate_on_reauthentication(request: HttpRequest, *, reauthenticated: bool = False, **kwargs: Any) -> None:
    """Whoever copied the session key before must not profit from the owner's confirmation (ASVS 5.0, 7.2.4).

    Django rotates at sign-in by itself; allauth's re-authentication only notes the time in the session.
    """
    if reauthenticated:
        request.session.cycle_key()
