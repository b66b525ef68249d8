"""Mark a device as lost, or as found again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import router
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.actions.endings.end import Receipt, end_sessions
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Device, EndReason, Event, Session
from sessions_ui.protocols import HasPk


def mark_lost(
    *,
    device: Device,
    actor: HasPk | None,
    ticket: str = "",
    note: str = "",
    happened_at: datetime | None = None,
) -> Receipt:
    """End every session of the device and mark it lost, in one transaction; idempotent.

    Its cookie goes on recognising it, so that its return is noticed, but no longer vouches for anything: a confirmation
    by the owner is void, and stays so when the device is found. Marking it again ends what signed in there meanwhile.
    `actor` is the user who says so, the owner or an agent; the caller checks whose device it is. `ticket` (at most 100
    characters) and `note` are for administrators only. `happened_at` says since when it is gone, where that was before
    now. Raises what `end_sessions()` does, and `NotTheOwner` where staff
    uses an account.
    """
    return mark_all_lost(
        devices=[device],
        of_user=device.user_id,
        actor=actor,
        ticket=ticket,
        note=note,
        happened_at=happened_at,
    )


@atomically
def mark_all_lost(
    *,
    devices: Collection[Device],
    of_user: Any,
    actor: HasPk | None,
    ticket: str = "",
    note: str = "",
    happened_at: datetime | None = None,
) -> Receipt:
    """Do as `mark_lost()` does, with several devices of one user (a primary key): by one act, which is one mail."""
    context.require_owner()
    now = timezone.now()
    receipt = end_sessions(
        sessions=Session.objects.filter(device_id__in=[device.pk for device in devices]),
        reason=EndReason.DEVICE_LOST,
        actor=actor,
        ticket=ticket,
        note=note,
        happened_at=happened_at,
        of_user=of_user,
    )
    rows = Device.objects.using(router.db_for_write(Device))
    for device in devices:
        if not rows.filter(pk=device.pk, lost_at__isnull=True).update(lost_at=now, confirmed_at=None):
            continue
        device.lost_at, device.confirmed_at = now, None
        events.append(
            Event.Kind.DEVICE_LOST,
            at=now,
            user_id=device.user_id,
            actor_id=actor_of(actor).pk,
            device=device,
            act=receipt.act,
            data={"ticket": ticket} if ticket else {},
            text=note,
        )
    return receipt


@atomically
def mark_found(*, device: Device, actor: HasPk | None) -> bool:
    """Take the mark "lost" away; return whether there was one. This signs nothing in, and confirms nothing.

    The caller checks whose device it is, and asks for a fresh sign-in with a second factor first: whoever holds the
    device must not be able to. Raises `TryAgain`, `OutcomeUnknown` or `SessionEnded` as `end_sessions()` does, and
    `NotTheOwner` where staff uses an account.
    """
    context.require_owner()
    hold_acting_session(device.user_id)
    row = Device.objects.using(router.db_for_write(Device)).filter(pk=device.pk)
    found = row.filter(lost_at__isnull=False).update(lost_at=None)
    if found:
        device.lost_at = None
        events.append(
            Event.Kind.DEVICE_FOUND,
            user_id=device.user_id,
            actor_id=actor_of(actor).pk,
            device=device,
        )
    return bool(found)
