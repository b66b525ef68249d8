"""Moving the demo's devices into the past, because they did not all sign in a moment ago.

Only rows of the demo are written like this. The log of events keeps the real times, as it must.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from config.demo.devices import DemoDevice
from sessions_ui.models import Device, Session, digest_of


def move_into_the_past(device: DemoDevice, session_key: str) -> None:
    """Move a sign-in into the past, before the next device signs in, so that that one is judged against a plausible
    history."""
    now = timezone.now()
    signed_in, used = now - timedelta(days=device.days), now - timedelta(hours=device.hours)
    kind = Session.Kind.APP if device.is_app else Session.Kind.BROWSER
    rows = Session.objects.filter(digest=digest_of(session_key, kind))
    session = rows.get()
    lifetime = session.expires_at - now
    rows.update(signed_in_at=signed_in, last_seen_at=used, expires_at=signed_in + lifetime)
    rows.filter(ended_at__isnull=False).update(ended_at=used)
    assert session.device_id is not None
    devices = Device.objects.filter(pk=session.device_id)
    devices.update(first_seen_at=signed_in)
    if device.known:
        devices.update(confirmed_at=signed_in)
        rows.exclude(verdict="").update(reviewed_at=signed_in)
