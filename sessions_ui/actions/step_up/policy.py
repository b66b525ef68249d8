"""Decide what a session has to prove: no device and no session vouches for itself (docs/architecture.md, 10).

A thief of the password signs in, or a thief of the browser is signed in already: neither may shut the owner out, or
make the own device look trusted. So a session that is young, or on a device that nobody confirmed, has to show what
such a thief does not have before it ends sessions that are older than itself or confirms a device.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.sessions.rules.kinds import rules_for
from sessions_ui.conf import conf
from sessions_ui.exceptions import CannotVouch
from sessions_ui.models import Device, Session
from sessions_ui.models.session import SessionQuerySet

MOST_LOOKED_AT = 20  # sessions on other devices: who has confirmed more has settled on one of these


class Shown(StrEnum):
    """What somebody showed to vouch for a device."""

    SIGN_IN = "sign_in"  # no more than what the session began with
    FACTOR = "factor"  # a factor other than that of the sign-in
    MAILED_CODE = "mailed_code"
    OTHER_DEVICE = "other_device"  # a settled session on another device says so


def is_settled(session: Session, now: datetime) -> bool:
    """Return whether a session (its device loaded or not) vouches for itself.

    Its device is one that vouches (`vouching_since()`), and the session, or what the device vouches by, is older than
    `YOUNG_SESSION`; or the account began on it, and nothing else was signed in since. A sign-in that was flagged
    vouches for nothing until its owner said whose it is, because it may be the copy of a browser that does.
    """
    since = _settling_since(session)
    if since is None or session.device is None:
        return False
    if since <= now - conf.young_session:
        return True
    return session.device.confirmed_at is None and is_only_device(session.device)


def is_long_settled(session: Session, now: datetime) -> bool:
    """Return whether a session vouches for itself, and not only because nothing else was ever signed in: the account
    may be older than the app, and whoever signs in first after it was installed a thief."""
    since = _settling_since(session)
    return since is not None and since <= now - conf.young_session


def _settling_since(session: Session) -> datetime | None:
    """Return the moment whose age decides whether the session vouches for itself; None where it does not, however
    old."""
    if not rules_for(session.kind).may_vouch:
        return None
    if session.signed_in_at is None or session.device is None or is_in_doubt(session):
        return None
    since = vouching_since(session.device)
    return None if since is None else min(session.signed_in_at, since)


def is_in_doubt(session: Session) -> bool:
    """Return whether the session was flagged, and its owner has not said yet whose it is."""
    return bool(session.verdict) and session.reviewed_at is None


def vouching_since(device: Device) -> datetime | None:
    """Return since when this device vouches for its sessions; None where it does not.

    It was confirmed, or the account began on it and nobody has reported a sign-in ("This wasn't me") since. Being the
    first that is known here is not enough: the account may be older than this app, or its devices were purged, and
    whoever comes first then need not be the owner.
    """
    if device.confirmed_at is not None:
        return device.confirmed_at
    return device.first_seen_at if is_undoubted_first(device) else None


def vouches_by_now(device: Device, now: datetime) -> bool:
    """Return whether the device vouches for its sign-ins, and not only since a moment ago, as `is_settled()` has it."""
    since = vouching_since(device)
    if since is None:
        return False
    return since <= now - conf.young_session or (device.confirmed_at is None and is_only_device(device))


def is_undoubted_first(device: Device) -> bool:
    if not device.from_start or device.lost_at or device.copied_at or device.not_me_at:
        return False
    devices = devices_beside(device)
    began = devices.filter(from_start=True).order_by("first_seen_at", "pk")
    first = began.values_list("pk", flat=True).first()
    return first == device.pk and not devices.filter(not_me_at__gte=device.first_seen_at).exists()


def is_only_device(device: Device) -> bool:
    return not devices_beside(device).exclude(pk=device.pk).exists()


def devices_beside(device: Device) -> QuerySet[Device]:
    """Return all devices of the account that this one is of."""
    user_id: Any = device.user_id
    return Device.objects.filter(user_id=user_id)


def settled_device_elsewhere(session: Session) -> Device | None:
    """Return another device on which the person is signed in in a browser that vouches for itself; None if there is
    none.

    There they can do what this session has to prove something for. Of several it is the one that was used last.
    """
    user_id: Any = session.user_id
    device_id: Any = session.device_id
    now = timezone.now()
    living = Session.objects.filter(user_id=user_id, kind=Session.Kind.BROWSER).by_owner().living()
    vouching = Q(device__confirmed_at__isnull=False) | Q(device__from_start=True)
    others = living.filter(vouching).exclude(device_id=device_id).select_related("device").defer("payload")
    for other in others.order_by("-last_seen_at")[:MOST_LOOKED_AT]:
        if is_settled(other, now):
            return other.device
    return None


def oldest_elsewhere(session: Session) -> bool:
    """Return whether the sign-in that is older than all others is in a browser on another device.

    There everything can be ended, because nothing is older (`ends_older()`).
    """
    user_id: Any = session.user_id
    living = Session.objects.filter(user_id=user_id).by_owner().living().sign_ins()
    oldest = living.order_by("signed_in_at", "pk").values_list("kind", "device_id").first()
    return oldest is not None and oldest[0] == Session.Kind.BROWSER and oldest[1] != session.device_id


def ends_older(session: Session, ends: SessionQuerySet) -> bool:
    """Return whether some of these living sessions were there before this one, and a further proof is needed for
    that."""
    now = timezone.now()
    if is_settled(session, now):
        return False
    others = ends.living().exclude(pk=session.pk)
    return others.filter(signed_in_at__lt=session.signed_in_at or now).exists()


def verify_vouching(device: Device, shown: Shown) -> None:
    """Raise `CannotVouch` where what was shown, by the session that acts now, says nothing about the device."""
    if shown in (Shown.FACTOR, Shown.MAILED_CODE):
        return
    session = acting_session()
    if shown is Shown.SIGN_IN or session is None:
        raise CannotVouch("nothing was shown that a thief of the sign-in would not have")
    if session.device_id == device.pk:
        raise CannotVouch("a device does not vouch for itself")
    if not is_settled(session, timezone.now()):
        raise CannotVouch("a session that is young or on an unconfirmed device vouches for no other")


def acting_session() -> Session | None:
    """Return the session of the request that acts now, with its device; None outside of one."""
    now = context.current()
    if now is None or now.session_id is None:
        return None
    return Session.objects.select_related("device").defer("payload").filter(pk=now.session_id).first()
