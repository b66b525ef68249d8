"""Confirm a device: its owner says "Yes, it's mine"."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.actions.sessions.rules.kinds import rules_for
from sessions_ui.actions.step_up.policy import Shown, verify_vouching
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import CannotVouch
from sessions_ui.models import Device, Event, Session
from sessions_ui.protocols import HasPk


@atomically
def confirm_device(*, device: Device, actor: HasPk, proof: Shown | str) -> bool:
    """Confirm the device, and with it what was flagged there; return whether it was not confirmed before.

    `proof` names what was shown: "factor" (other than that of the sign-in), "mailed_code" or "other_device"; the caller
    has checked the first two, and whose device it is. Raises `ValueError` for another `proof`, `CannotVouch` where it
    says nothing about this device (docs/risk.md says which rule that is), `TryAgain` or `OutcomeUnknown` as
    `end_sessions()` does, `SessionEnded` where the session that asks has ended meanwhile, and `NotTheOwner` where staff
    uses an account.
    """
    context.require_owner()
    shown = Shown(proof)
    now = timezone.now()
    # First, like whoever ends sessions: else the two could wait for each other.
    acting = hold_acting_session(device.user_id)
    if acting is not None and not rules_for(acting.kind).may_vouch:
        raise CannotVouch("a program shows nothing that a thief of its token would not have")
    verify_vouching(device, shown)
    confirmed = bool(Device.objects.filter(pk=device.pk, confirmed_at__isnull=True).update(confirmed_at=now))
    flagged = Session.objects.filter(device=device, reviewed_at__isnull=True).exclude(verdict="")
    reviewed = flagged.update(reviewed_at=now)
    if confirmed:
        device.confirmed_at = now
    if confirmed or reviewed:
        events.append(
            Event.Kind.DEVICE_CONFIRMED,
            user_id=device.user_id,
            actor_id=actor_of(actor).pk,
            device=device,
            data={"proof": str(shown)},
        )
    return confirmed


@atomically
def confirm_devices(*, devices: Iterable[Device], actor: HasPk, proof: Shown | str) -> int:
    """Confirm devices of one user, all of them or none; return how many were not confirmed before. What it raises is
    what `confirm_device()` does."""
    return sum(confirm_device(device=device, actor=actor, proof=proof) for device in devices)
