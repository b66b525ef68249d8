"""Find out which device of its user a browser is, by its device cookie, never by user agent or address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from sessions_ui.actions.devices.enrich import improve_device
from sessions_ui.client import Client, ClientInfo, contradicts
from sessions_ui.conf import conf
from sessions_ui.models import Device
from sessions_ui.models.device import cookie_digests, is_cookie, new_cookie
from sessions_ui.models.locking import locked


@dataclass(frozen=True, slots=True)
class IdentifiedDevice:
    """The device of a browser, and the cookie that the browser should keep.

    It also says whether the device is new, or even the copy of another one.
    """

    device: Device
    cookie: str | None
    new: bool = False
    copied: bool = False


def identify_device(user: Any, client: ClientInfo, cookie: str | None) -> IdentifiedDevice:
    """Return which device of this user the browser is.

    The same cookie from another system is a copied one: the original is flagged, and the copy is a device of its own
    that replaces nothing.
    """
    described = client.client
    copied = False
    cookie = cookie if conf.device_cookie and is_cookie(cookie) else None
    if cookie:
        digests = cookie_digests(user.pk, cookie)
        known = Device.objects.filter(user_id=user.pk, cookie_digest__in=digests).first()
        if known is not None:
            # Locked, so that no purge removes it before there is a session on it; by its key like the purge, because
            # InnoDB would lock the index of the digest first, and the two could wait for each other.
            known = locked(Device.objects.filter(pk=known.pk)).first()
        if known is not None and same_client(known, client):
            improve_device(device=known, client=described)
            if known.cookie_digest != digests[0]:  # under a former SECRET_KEY, which goes some day
                Device.objects.filter(pk=known.pk).update(cookie_digest=digests[0])
            return IdentifiedDevice(known, cookie)
        if known is not None:
            copied = True
            Device.objects.filter(pk=known.pk, copied_at__isnull=True).update(copied_at=timezone.now())
            cookie = None
    # A cookie of another user's device on this browser is shared: each has a device, and nobody can link them.
    cookie = (cookie or new_cookie()) if conf.device_cookie else None
    device = Device.objects.create(
        user_id=user.pk,
        cookie_digest=cookie_digests(user.pk, cookie)[0] if cookie else "",
        kind=described.kind,
        maker=described.maker,
        model=described.model,
        browser=described.browser,
        system=described.system,
    )
    return IdentifiedDevice(device, cookie, new=True, copied=copied)


def same_client(device: Device, client: ClientInfo) -> bool:
    """Return whether nothing that is known speaks against this being the device's client (`client/improve.py`)."""
    return not contradicts(Client(browser=device.browser, system=device.system), client.client)
