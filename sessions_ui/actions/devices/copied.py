"""Mark a device whose cookie was copied: nobody knows which of the two browsers is its owner's."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from sessions_ui.models import Device, Session
from sessions_ui.risk import Reason, verdict_of


def mark_copied(device: Device) -> None:
    """Record that the device's cookie was copied, and flag who is signed in there, because this may be the copy.

    Its confirmation is void. It ends nothing: else a thief could sign the owner out.
    """
    Device.objects.filter(pk=device.pk).update(copied_at=timezone.now(), confirmed_at=None)
    verdict = verdict_of([Reason.COPIED_COOKIE])
    there = Session.objects.filter(device_id=device.pk).by_owner().living()
    there.filter(Q(verdict="") | Q(reviewed_at__isnull=False)).update(
        verdict=str(verdict.level),
        verdict_reasons=[str(reason) for reason in verdict.reasons],
        reviewed_at=None,
    )
