"""Devices of one's own: what they are called."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Router
from pydantic import StringConstraints

from sessions_ui.actions.devices.rename import rename_device
from sessions_ui.api.json.auth import own
from sessions_ui.api.json.fields import NO_NUL, Body, PublicId, Shape
from sessions_ui.api.json.own.asking import verify_may_rename
from sessions_ui.api.json.shapes import DeviceShape, device_shape
from sessions_ui.models import Device

router = Router(tags=["Own devices"])

LONGEST = 64  # characters, as the form has it


class Renamed(Shape):
    """What it is called now, and no more: whoever may rename it may not see it for that."""

    id: str
    name: str


class Name(Body):
    name: Annotated[str, StringConstraints(max_length=LONGEST, pattern=NO_NUL)]


@router.get("/devices/{device_id}", auth=own("sessions:read"), response=DeviceShape, summary="One device")
def one_device(request: HttpRequest, device_id: PublicId) -> Any:
    return device_shape(_own(request, device_id))


@router.patch("/devices/{device_id}", auth=own("devices:rename"), response=Renamed, summary="Rename a device")
def rename(request: HttpRequest, device_id: PublicId, body: Name) -> Any:
    """Give it a name; an empty one takes the name away, and it is called after its browser and system again."""
    device = _own(request, device_id)
    verify_may_rename(request, device)
    user: Any = request.user
    rename_device(device=device, name=body.name, actor=user)
    return {"id": device.public_id, "name": device.title}


def _own(request: HttpRequest, public_id: str) -> Device:
    user: Any = request.user
    device = Device.objects.filter(public_id=public_id, user_id=user.pk).first()
    if device is None:
        raise Http404
    return device
