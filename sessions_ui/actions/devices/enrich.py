"""Describe a device better when its client tells more: a later request may carry hints that the sign-in lacked."""

from __future__ import annotations

from typing import Any

from sessions_ui.client import Client, improved
from sessions_ui.models import Device

DESCRIBED = ("kind", "maker", "model", "browser", "system")


def improve_device(*, device: Device, client: Client) -> bool:
    """Save what `client` tells beyond what is known of the device; return whether that was anything.

    A client that contradicts changes nothing (`client/improve.py`). One conditional statement, no indexed column; two
    requests at once do not mix their halves.
    """
    known = description(device)
    better = improved(Client(**known), client)
    changed = {name: getattr(better, name) for name in DESCRIBED if getattr(better, name) != known[name]}
    if not changed or not Device.objects.filter(pk=device.pk, **known).update(**changed):
        return False
    for name, value in changed.items():
        setattr(device, name, value)
    return True


def description(device: Device) -> dict[str, Any]:
    """Return what the device's row says of its client."""
    return {name: getattr(device, name) for name in DESCRIBED}
