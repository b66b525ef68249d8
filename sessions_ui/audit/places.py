"""Where events are in the sealed log: the cursor of whoever follows it."""

from __future__ import annotations

from datetime import datetime

from sessions_ui.models import Checkpoint, Seal
from sessions_ui.verify import SEALED_WITHIN


def place_of(event: int) -> int | None:
    """Return the place of the event with this key; None where it is not sealed yet, or was removed because it was
    old."""
    return Seal.objects.filter(event_id=event).values_list("position", flat=True).first()


def place_before(moment: datetime) -> int:
    """Return a place up to which there is no event of that moment or later, so that nobody needs to look there.

    Checkpoints are in the order of time. An hour covers what the clocks of two hosts differ by.
    """
    before = Checkpoint.objects.filter(at__lt=moment - SEALED_WITHIN).order_by("-number")
    return before.values_list("last", flat=True).first() or 0
