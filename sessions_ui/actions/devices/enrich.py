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
    changed = improvements(device, client)
    if not changed or not Device.objects.filter(pk=device.pk, **description(device)).update(**changed):
        return False
    for name, value in changed.items():
        setattr(device, name, value)
    return True


def improvements(device: Device, client: Client) -> dict[str, Any]:
    """Return the columns of the device that `client` tells more of than is known."""
    known = description(device)
    better = improved(Client(**known), client)
    return {name: getattr(better, name) for name in DESCRIBED if getattr(better, name) != known[name]}


def description(device: Device) -> dict[str, Any]:
    """Return what the device's row says of its client."""
    return {name: getattr(device, name) for name in DESCRIBED}
