"""End what somebody else did with the account: its owner says "This wasn't me"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import router
from django.db.models import Max, Min, Q
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.devices.former_address import end_by_former_address
from sessions_ui.actions.endings.end import Receipt, end_sessions, end_user_sessions
from sessions_ui.actions.recovery.open import covered_until, open_recovery, was_dealt_with
from sessions_ui.actions.step_up.policy import acting_session, is_settled
from sessions_ui.actions.trusted_addresses import recovers_by
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Delivery, Device, EndReason, Event, Recovery, Session
from sessions_ui.models.primary import all_users
from sessions_ui.protocols import HasPk


@dataclass(frozen=True, slots=True)
class Report:
    """What a report of "This wasn't me" did. `recovery` is None where it did no more than end sessions: the owner has
    removed the address that it came through (`is_former`), or a recovery since then has dealt with that sign-in."""

    receipt: Receipt
    recovery: Recovery | None = None
    is_former: bool = False


@atomically
def report_not_me(
    *,
    session: Session,
    actor: HasPk | None = None,
    everywhere: bool = False,
    happened_at: datetime | None = None,
) -> Receipt:
    """End that session with reason NOT_ME, whatever else is signed in on its device or signed in after it, and open the
    recovery of the account (docs/risk.md).

    Otherwise a thief who signed in there again, or elsewhere, would stay. `everywhere` ends all of the user's sessions;
    the one that acts now stays, unless it is on that device, too. The device is no longer confirmed and does not count
    as known again. `actor` is the user who says so. `happened_at`: since when somebody else was in the account; by
    default since the first sign-in that the report is about, because that is known. One transaction and one act;
    idempotent, except for the events. The caller checks whose session it is, and that whoever says so is its owner
    (docs/risk.md says how the devices page does). Raises what `end_sessions()` does, and `NotTheOwner` where staff uses
    an account.
    """
    by = Recovery.OpenedBy.DEVICES
    return _report(session, actor=actor, everywhere=everywhere, happened_at=happened_at, by=by).receipt


@atomically
def report_by_link(*, delivery: Delivery, session: Session, everywhere: bool = False) -> Report | None:
    """Do the same from the link in the mail that `delivery` was, once; return None where the link was used before.

    From a mail to an address that its owner has removed, it ends sessions and does nothing else: whoever reads that
    mailbox by now says nothing about the account's devices (`former_address.py`).
    """
    using = router.db_for_write(Session)
    lock_users([session.user_id])
    unused = Delivery.objects.using(using).filter(pk=delivery.pk, link_used_at__isnull=True)
    if not unused.update(link_used_at=timezone.now()):
        return None
    user = all_users().get(pk=session.user_id)
    if delivery.told_only or recovers_by(user, delivery.receiver) is False:
        return Report(end_by_former_address(session=session, everywhere=everywhere), is_former=True)
    return _report(session, everywhere=everywhere, by=Recovery.OpenedBy.MAIL, address=delivery.receiver)


def _report(
    session: Session,
    *,
    by: Recovery.OpenedBy,
    actor: HasPk | None = None,
    everywhere: bool = False,
    happened_at: datetime | None = None,
    address: str = "",
) -> Report:
    context.require_owner()
    since = _since(session, whole_device=by is Recovery.OpenedBy.DEVICES)
    last = _last_sign_in(session)
    _keep_vouching(session.user_id)
    receipt = _end(
        session, since=since, actor=actor, everywhere=everywhere, happened_at=happened_at or _past(since)
    )
    _disown(session)
    events.append(
        Event.Kind.NOT_ME,
        user_id=session.user_id,
        actor_id=actor_of(actor).pk,
        session=session,
        device_id=session.device_id,
        act=receipt.act,
        data={"everywhere": everywhere},
    )
    user = all_users().filter(pk=session.user_id).first()
    if user is None or was_dealt_with(user, last):
        return Report(receipt)
    opened = open_recovery(
        user=user, since=since, last=last, opened_by=by, session=session, actor=actor, address=address
    )
    return Report(receipt, opened)


def _end(
    session: Session, *, since: datetime, actor: HasPk | None, everywhere: bool, happened_at: datetime
) -> Receipt:
    user_id: Any = session.user_id
    kept = _kept(session)
    if everywhere:
        return end_user_sessions(
            user=session.user, reason=EndReason.NOT_ME, actor=actor, keep=kept, happened_at=happened_at
        )
    signed_in_since = Q(signed_in_at__gte=since)
    if kept is not None:
        signed_in_since &= ~Q(pk=kept)
    chosen = Session.objects.filter(_on_device(session) | signed_in_since, user_id=user_id)
    # It is the account that is recovered: what a thief may have let in elsewhere ends whatever device it was.
    return end_sessions(
        sessions=chosen,
        reason=EndReason.NOT_ME,
        actor=actor,
        happened_at=happened_at,
        of_user=user_id,
        whole_accounts=True,
    )


def _keep_vouching(user_id: Any) -> None:
    """Let the device that reports go on to vouch for its owner, where it did.

    The account began on it, which counts no more once somebody was reported (docs/risk.md): that must not strike the
    one who reports, who would stand before the steps without a mailbox.
    """
    own = acting_session()
    if own is None or own.user_id != user_id or own.device is None or own.device.confirmed_at is not None:
        return
    if is_settled(own, timezone.now()):
        Device.objects.filter(pk=own.device.pk).update(confirmed_at=own.device.first_seen_at)


def _disown(session: Session) -> None:
    """Forget that the device was the owner's, and take what was flagged there as reviewed."""
    now = timezone.now()
    if session.device is not None:
        Device.objects.filter(pk=session.device.pk).update(not_me_at=now, confirmed_at=None)
    user_id: Any = session.user_id
    on_device = Session.objects.filter(_on_device(session), user_id=user_id)
    on_device.filter(reviewed_at__isnull=True).exclude(verdict="").update(reviewed_at=now)


def _on_device(session: Session) -> Q:
    there = Q(pk=session.pk)
    return there if session.device_id is None else there | Q(device_id=session.device_id)


def _since(session: Session, *, whole_device: bool) -> datetime:
    """Return since when somebody else may have been in the account.

    Of a device that is not the owner's it is the first sign-in there: what was added after that was added by whoever
    has it, however often they signed in again. Of a sign-in that was reported it is the first one on its device that
    was flagged and that nobody has reviewed. What a finished case has covered does not count again: the owner has
    looked at what was added until then.
    """
    own: datetime = session.signed_in_at or session.created_at
    user_id: Any = session.user_id
    there = Session.objects.filter(_on_device(session), user_id=user_id)
    if not whole_device:
        there = there.filter(reviewed_at__isnull=True).exclude(verdict="")
    first = there.aggregate(first=Min("signed_in_at"))["first"]
    first = own if first is None else min(own, first)
    covered = covered_until(user_id, first)
    if covered is None:
        return first
    again = there.filter(signed_in_at__gt=covered).aggregate(first=Min("signed_in_at"))["first"]
    return again or first


def _past(moment: datetime) -> datetime:
    """Return the moment, or now: the clock of the server that wrote it may be ahead of this one's."""
    return min(moment, timezone.now())


def _last_sign_in(session: Session) -> datetime:
    """Return when somebody signed in on that device last: whoever has it may know each password that was good then."""
    own: datetime = session.signed_in_at or session.created_at
    user_id: Any = session.user_id
    there = Session.objects.filter(_on_device(session), user_id=user_id)
    last = there.aggregate(last=Max("signed_in_at"))["last"]
    return own if last is None else max(own, last)


def _kept(reported: Session) -> int | None:
    own = acting_session()
    if own is None or own.pk == reported.pk or own.user_id != reported.user_id:
        return None
    same_device = own.device_id is not None and own.device_id == reported.device_id
    return None if same_device else own.pk
