"""Find out which device of its user a browser is, by its device cookie, never by user agent or address."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.views.decorators.debug import sensitive_variables

from sessions_ui.actions.devices.copied import mark_copied
from sessions_ui.actions.devices.enrich import DESCRIBED, description, improvements
from sessions_ui.client import Client, ClientInfo, contradicts
from sessions_ui.conf import conf
from sessions_ui.models import Device
from sessions_ui.models.device_cookie import (
    DeviceCookieValue,
    first_value,
    series_digests,
    value_of,
    with_value,
)
from sessions_ui.models.locking import locked


@dataclass(frozen=True, slots=True)
class IdentifiedDevice:
    """The device of a browser, and the cookie that the browser should keep.

    It also says whether the device is new, or even the copy of another one.
    """

    device: Device
    cookie: str | None = field(repr=False)
    new: bool = False
    copied: bool = False


@sensitive_variables("cookie")
def identify_device(
    user: Any, client: ClientInfo, cookie: str | None, *, from_start: bool = False
) -> IdentifiedDevice:
    """Return which device of this user the browser is, and the cookie with its next value.

    `from_start`: nobody has signed in to the account before, so that a device which is added is what it began on.

    A value that was replaced, or one that comes from another system, is a copied one (docs/risk.md): the original is
    flagged, and the copy is a device of its own that replaces nothing.
    """
    brought = value_of(cookie, user.pk) if conf.device_cookie else None
    known = None if brought is None else device_with(user, brought)
    if brought is None or known is None:
        return add_device(user, client, cookie, from_start=from_start)
    if known.accepts(brought) and same_client(known, client):
        value = give_next_value(known, brought, user, client)
        return IdentifiedDevice(known, with_value(cookie, user.pk, value))
    mark_copied(known)
    return add_device(user, client, cookie, copied=True)


def device_with(user: Any, value: DeviceCookieValue) -> Device | None:
    """Return the user's device that has this series, locked.

    The lock keeps a purge from removing it before there is a session on it. It is taken by the row's key, as the purge
    does, because InnoDB would lock the index of the digest first, and the two could wait for each other.
    """
    digests = series_digests(user.pk, value.series)
    known = Device.objects.filter(user_id=user.pk, cookie_digest__in=digests).first()
    return None if known is None else locked(Device.objects.filter(pk=known.pk)).first()


def same_client(device: Device, client: ClientInfo) -> bool:
    """Return whether nothing that is known speaks against this being the device's client (`client/improve.py`)."""
    return not contradicts(Client(**description(device)), client.client)


def give_next_value(
    device: Device, brought: DeviceCookieValue, user: Any, client: ClientInfo
) -> DeviceCookieValue:
    """Record that the device, which is locked, brought this value of its cookie; return the next one.

    The same statement says what the client tells beyond what was known.
    """
    number = max(device.cookie_issued, brought.number) + 1
    changes = {"cookie_issued": number, "cookie_seen": brought.number, **improvements(device, client.client)}
    digest = series_digests(user.pk, brought.series)[0]
    if device.cookie_digest != digest:  # under a former SECRET_KEY, which goes some day
        changes["cookie_digest"] = digest
    Device.objects.filter(pk=device.pk).update(**changes)
    for name, value in changes.items():
        setattr(device, name, value)
    return DeviceCookieValue(brought.series, number=number, parent=brought.number)


@sensitive_variables("cookie", "kept")
def add_device(
    user: Any, client: ClientInfo, cookie: str | None, *, copied: bool = False, from_start: bool = False
) -> IdentifiedDevice:
    """Add a device of this user, as `client` describes it, with the first value of its cookie."""
    described = {name: getattr(client.client, name) for name in DESCRIBED}
    device = Device(user_id=user.pk, from_start=from_start, **described)
    kept = None
    if conf.device_cookie:
        value = first_value()
        device.cookie_digest = series_digests(user.pk, value.series)[0]
        device.cookie_issued = value.number
        kept = with_value(cookie, user.pk, value)
    device.save(force_insert=True)
    return IdentifiedDevice(device, kept, new=True, copied=copied)
