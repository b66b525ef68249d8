"""Rename a device."""

from __future__ import annotations

from sessions_ui import context
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.client.text import one_line
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Device, Event
from sessions_ui.protocols import HasPk


@atomically
def rename_device(*, device: Device, name: str, actor: HasPk) -> bool:
    """Give the device a name of its owner's choice, or take it away with an empty one; return whether it changed.

    `name` is cut to 64 characters and loses its control characters; the caller checks whose device it is. Raises
    `TryAgain`, `OutcomeUnknown` or `SessionEnded` as `end_sessions()` does, and `NotTheOwner` where staff uses an
    account.
    """
    name = one_line(name)[:64]
    context.require_owner()
    hold_acting_session(device.user_id)
    changed = Device.objects.filter(pk=device.pk).exclude(name=name).update(name=name)
    if changed:
        device.name = name
        events.append(
            Event.Kind.DEVICE_RENAMED, user_id=device.user_id, actor_id=actor_of(actor).pk, device=device
        )
    return bool(changed)
