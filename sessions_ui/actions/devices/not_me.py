"""End what somebody else did with the account: its owner says "This wasn't me"."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.db.models import Q
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.devices.former_address import end_by_former_address
from sessions_ui.actions.endings.end import Receipt, end_sessions, end_user_sessions
from sessions_ui.actions.step_up.policy import acting_session
from sessions_ui.actions.trusted_addresses import recovers_by
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Delivery, Device, EndReason, Event, Session
from sessions_ui.protocols import HasPk


@atomically
def report_not_me(*, session: Session, actor: HasPk | None = None, everywhere: bool = False) -> Receipt:
    """End that session with reason NOT_ME, and whatever else is signed in on its device.

    Otherwise a thief who signed in there again would stay. `everywhere` ends all of the user's sessions; the one that
    acts now stays, unless it is on that device, too. The device is no longer confirmed and does not count as known
    again. `actor` is None where nobody is signed in (the link in a mail). One transaction and one act; idempotent,
    except for the event. The caller checks whose session it is. Raises what `end_sessions()` does, and `NotTheOwner`
    where staff uses an account.
    """
    context.require_owner()
    user_id: Any = session.user_id
    there = Q(pk=session.pk)
    if session.device_id is not None:
        there |= Q(device_id=session.device_id)
    on_device = Session.objects.filter(there, user_id=user_id)
    now = timezone.now()
    if everywhere:
        receipt = end_user_sessions(
            user=session.user, reason=EndReason.NOT_ME, actor=actor, keep=_kept(session)
        )
    else:
        receipt = end_sessions(sessions=on_device, reason=EndReason.NOT_ME, actor=actor, of_user=user_id)
    if session.device is not None:
        Device.objects.filter(pk=session.device.pk).update(not_me_at=now, confirmed_at=None)
    on_device.filter(reviewed_at__isnull=True).exclude(verdict="").update(reviewed_at=now)
    events.append(
        Event.Kind.NOT_ME,
        user_id=user_id,
        actor_id=actor_of(actor).pk,
        session=session,
        device_id=session.device_id,
        act=receipt.act,
        data={"everywhere": everywhere},
    )
    return receipt


def _kept(reported: Session) -> int | None:
    own = acting_session()
    if own is None or own.pk == reported.pk or own.user_id != reported.user_id:
        return None
    same_device = own.device_id is not None and own.device_id == reported.device_id
    return None if same_device else own.pk


@atomically
def report_by_link(*, delivery: Delivery, session: Session, everywhere: bool = False) -> Receipt | None:
    """Do the same from the link in the mail that `delivery` was, once; return None where the link was used before.

    From a mail to an address that its owner has removed, it ends sessions and does nothing else: whoever reads that
    mailbox by now says nothing about the account's devices (`former_address.py`).
    """
    using = router.db_for_write(Session)
    lock_users([session.user_id])
    unused = Delivery.objects.using(using).filter(pk=delivery.pk, link_used_at__isnull=True)
    if not unused.update(link_used_at=timezone.now()):
        return None
    if recovers_by(session.user, delivery.receiver) is False:
        return end_by_former_address(session=session, everywhere=everywhere)
    return report_not_me(session=session, everywhere=everywhere)
