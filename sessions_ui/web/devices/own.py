"""Access to one's own devices and sessions only; what is somebody else's does not exist (404)."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from sessions_ui.models import Device, Session
from sessions_ui.store import store_of


def own_row(request: HttpRequest) -> Session | None:
    """Return the session that asks, as its look-up has read it."""
    store = store_of(request)
    return store.resolve() if store is not None else None


def own_session(request: HttpRequest) -> int | None:
    """Return the primary key of the session that asks."""
    row = own_row(request)
    return row.pk if row is not None else None


def own_device(request: HttpRequest, public_id: str) -> Device:
    return get_object_or_404(Device, public_id=public_id, user_id=request.user.pk)
