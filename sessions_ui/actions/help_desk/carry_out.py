"""Carry out what the agent decided, once, with a receipt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone

from sessions_ui import outbox
from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.devices.lost import mark_found, mark_lost
from sessions_ui.actions.endings.end import Receipt, end_sessions, end_user_sessions
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.help_desk.open import note_step
from sessions_ui.actions.help_desk.rights import verify_known_caller, verify_pace
from sessions_ui.actions.recovery.open import open_recovery, since_of
from sessions_ui.actions.trusted_addresses import told_about
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.models import Case, CaseReceipt, Device, EndReason, Recovery, Session
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.user_model import has_usable_password

SIGNED_OUT = "signed_out"
ALREADY_SIGNED_OUT = "already_signed_out"
ONE_BY_ONE = timedelta(days=1)  # devices that are signed out within that are signed out together


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done. `chosen`: public ids of devices, or of sessions that have no device. `recovery`: these are
    not the caller's, who gets the account back by a link. `happened_at`: since when it should not have been signed in,
    where the caller knows."""

    chosen: tuple[str, ...] = ()
    lost: bool = False
    everything: bool = False
    new_password: bool = False
    recovery: bool = False
    happened_at: datetime | None = None

    @property
    def needs_proof(self) -> bool:
        return self.ends_all or self.recovery

    @property
    def ends_all(self) -> bool:
        return self.everything or self.new_password

    @property
    def ends_tokens(self) -> bool:
        """Whether the access tokens end, too: whoever may be somebody else has none (`ENDS_TOKENS`)."""
        return self.ends_all or self.recovery


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the receipt: a device with its living sessions, or a session without a device."""

    public_id: str
    title: str
    device: Device | None
    living: bool


def carry_out(*, case: Case, agent: Any, order: Order, nonce: str) -> CaseReceipt:
    """Do what the order says, or nothing, in one transaction; return the receipt.

    An order that is submitted twice with the same nonce is done once, and both get the same receipt. Raises
    `HelpDeskRefused` where the case does not allow it.
    """
    user = verify_order(case, agent, order)
    if (done := CaseReceipt.objects.filter(case=case, nonce=nonce).first()) is not None:
        return done
    verify_pace(agent, acts=True)
    try:
        return _carry_out(case, agent, user, order, nonce)
    except IntegrityError:
        # The same page was submitted at the same moment: the other one has done it.
        return CaseReceipt.objects.get(case=case, nonce=nonce)


@atomically
def _carry_out(case: Case, agent: Any, user: Any, order: Order, nonce: str) -> CaseReceipt:
    receipt = CaseReceipt.objects.create(
        case=case,
        nonce=nonce,
        everything=order.everything,
        lost=order.lost,
        new_password=order.new_password,
        recovery=order.recovery,
    )
    lock_users([user.pk])
    targets = targets_of(user, None if order.ends_all else order.chosen)
    if not targets and not order.needs_proof:
        raise HelpDeskRefused(HelpDeskRefusal.NOTHING_SELECTED)
    if not case.is_proven and leaves_nothing(user, order, targets):
        raise HelpDeskRefused(HelpDeskRefusal.NOT_PROVEN)
    tokens = Session.objects.of(user).living().tokens().count() if order.ends_tokens else 0
    receipts = end(case, agent, user, order, targets)
    acts = [str(each.act.pk) for each in receipts if each.act is not None]
    tokens += sum(each.bridged for each in receipts)
    receipt.lines = [line(target) for target in targets]
    if tokens:
        receipt.lines.append({"tokens": tokens, "result": SIGNED_OUT})
    receipt.save(update_fields=["lines"])
    note_step(case, agent, "carried out", receipt=receipt.public_id, acts=acts)
    return receipt


def verify_order(case: Case, agent: Any, order: Order) -> Any:
    """Return the user, if this order may be carried out now; otherwise raise `HelpDeskRefused`."""
    user = verify_known_caller(case, agent)
    if order.needs_proof and not case.is_proven:
        raise HelpDeskRefused(HelpDeskRefusal.NOT_PROVEN)
    if order.new_password and not has_usable_password(user):
        # Signs in through a provider only: the requirement could never be fulfilled.
        raise HelpDeskRefused(HelpDeskRefusal.NO_PASSWORD)
    if not order.needs_proof and not order.chosen:
        raise HelpDeskRefused(HelpDeskRefusal.NOTHING_SELECTED)
    return user


def targets_of(user: Any, chosen: Iterable[str] | None) -> list[Target]:
    """Return the chosen devices of this user (None: all that are signed in), in two statements.

    Foreign ids match none.
    """
    sessions = Session.objects.of(user).sign_ins().select_related("device").defer("payload")
    devices = Device.objects.filter(user_id=user.pk)
    if chosen is None:
        living, known = sessions.living(), devices.none()
    else:
        ids = list(chosen)
        without_device = Q(device__isnull=True, public_id__in=ids)
        living = sessions.living().filter(Q(device__public_id__in=ids) | without_device)
        known = devices.filter(public_id__in=ids)
    targets: dict[str, Target] = {}
    for session in living.order_by("-last_seen_at"):
        device = session.device
        public_id = device.public_id if device else session.public_id
        targets.setdefault(public_id, Target(public_id, str(device or Device()), device, living=True))
    for device in known:
        targets.setdefault(device.public_id, Target(device.public_id, str(device), device, living=False))
    return list(targets.values())


def leaves_nothing(user: Any, order: Order, targets: list[Target]) -> bool:
    """Return whether the help desk has signed the caller out everywhere after this order, as by "sign out all".

    Otherwise whoever talks agents into one device after another has signed out all of them without a proof. The only
    device of an account is one device: it takes none. What other calls have ended within `ONE_BY_ONE` counts.
    """
    taken = [target for target in targets if target.living or order.lost]
    if not taken:
        return False
    sessions = Session.objects.of(user).sign_ins()
    if sessions.living().exclude(pk__in=sessions_on(user, targets).values("pk")).exists():
        return False
    before = sessions.filter(
        end_reason__in=[EndReason.HELP_DESK, EndReason.DEVICE_LOST], ended_at__gt=timezone.now() - ONE_BY_ONE
    ).exclude(device__public_id__in=[target.public_id for target in targets])
    return len(taken) > 1 or before.exists()


def end(case: Case, agent: Any, user: Any, order: Order, targets: list[Target]) -> list[Receipt]:
    """End what the order says; return what each of its acts did.

    The addresses that have long been the owner's are told, too: the account's own may be one that a thief has entered.
    """
    common: dict[str, Any] = {
        "actor": agent,
        "ticket": case.ticket,
        "note": case.get_reason_display(),
        "happened_at": order.happened_at,
    }
    # What is said of devices is said of those that were chosen, also where everything is signed out. "Lost" with none
    # chosen is said of all of them.
    chosen = [target for target in targets if target.public_id in order.chosen]
    receipts = _lost(order, chosen or targets, common)
    if order.recovery:
        # First, so that a new password is chosen there, and no second mail says how.
        receipts += recover(user, chosen, common)
    if order.new_password:
        receipts.append(require_new_password(user=user, reason=EndReason.HELP_DESK, **common))
    elif order.everything:
        receipts.append(end_user_sessions(user=user, reason=EndReason.HELP_DESK, **common))
    elif targets:
        receipts.append(
            end_sessions(
                sessions=sessions_on(user, targets), reason=EndReason.HELP_DESK, of_user=user.pk, **common
            )
        )
    told = told_about(user)
    for receipt in receipts:
        if receipt.act is not None and receipt.ended:
            outbox.enqueue_act(receipt.act, user.pk, told)
    return receipts


def _lost(order: Order, targets: list[Target], common: dict[str, Any]) -> list[Receipt]:
    if not order.lost:
        return []
    return [mark_lost(device=target.device, **common) for target in targets if target.device is not None]


def sessions_on(user: Any, targets: list[Target]) -> SessionQuerySet:
    ids = [target.public_id for target in targets]
    theirs = Q(device__public_id__in=ids) | Q(device__isnull=True, public_id__in=ids)
    return Session.objects.of(user).sign_ins().filter(theirs)


def recover(user: Any, targets: list[Target], common: dict[str, Any]) -> list[Receipt]:
    """Open the recovery of the account, since the first sign-in on the devices that are not the caller's.

    What signed in after that ends as well. Where no device was named, all that is young counts as added since, and the
    password as known whenever it was chosen.
    """
    theirs = sessions_on(user, targets).select_related("device").defer("payload")
    in_order = theirs.filter(signed_in_at__isnull=False).order_by("signed_in_at", "pk")
    first, last = (in_order.first(), in_order.last()) if targets else (None, None)
    since = since_of([first] if first else [])
    ended = []
    if first is not None:
        younger = Session.objects.filter(user_id=user.pk, signed_in_at__gte=since)
        ended = [
            end_sessions(
                sessions=younger, reason=EndReason.HELP_DESK, of_user=user.pk, whole_accounts=True, **common
            )
        ]
        devices = [target.device.pk for target in targets if target.device is not None]
        Device.objects.filter(pk__in=devices).update(not_me_at=timezone.now(), confirmed_at=None)
    open_recovery(
        user=user,
        since=since,
        last=last.signed_in_at if last is not None else None,
        opened_by=Recovery.OpenedBy.HELP_DESK,
        session=first,
        actor=common["actor"],
        ticket=common["ticket"],
    )
    return ended


def line(target: Target) -> dict[str, str]:
    return {
        "device": target.public_id,
        "title": target.title,
        "result": SIGNED_OUT if target.living else ALREADY_SIGNED_OUT,
    }


def give_back(*, case: Case, agent: Any, device: Device) -> None:
    """Take the mark "lost" off a device that was found again.

    Its return is no longer flagged. It still has to sign in.
    """
    user = verify_known_caller(case, agent)
    if device.user_id != user.pk:
        raise HelpDeskRefused(HelpDeskRefusal.NOBODY)
    mark_found(device=device, actor=agent)
    note_step(case, agent, "device found", device=device.public_id)
