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
from sessions_ui.actions.devices.lost import mark_all_lost, mark_found
from sessions_ui.actions.endings.end import Receipt, end_sessions, end_user_sessions
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.help_desk.open import note_step
from sessions_ui.actions.help_desk.rights import verify_known_caller, verify_pace
from sessions_ui.actions.recovery.open import open_recovery, since_of
from sessions_ui.actions.sessions.rules.timeouts import in_time
from sessions_ui.actions.tokens.service_accounts import is_service_account
from sessions_ui.actions.trusted_addresses import told_about
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.models import Case, CaseReceipt, Device, EndReason, Recovery, Session
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.user_model import has_usable_password
from sessions_ui.wording.names import Line, distinct_title, tell_apart

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
    def signs_out_all(self) -> bool:
        """Whether every sign-in ends. Where somebody else got in and nobody knows on which device, it may be any."""
        return self.ends_all or (self.recovery and not self.chosen)

    @property
    def ends_tokens(self) -> bool:
        """Whether the access tokens end, too: whoever may be somebody else has none (`ENDS_TOKENS`)."""
        return self.ends_all or self.recovery


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the receipt: a device with what is signed in there, or a session without a device. `in_part`: an
    older sign-in there stays."""

    public_id: str
    title: str
    device: Device | None
    living: bool
    in_part: bool = False

    @property
    def result(self) -> CaseReceipt.Result:
        if not self.living:
            return CaseReceipt.Result.ALREADY
        return CaseReceipt.Result.IN_PART if self.in_part else CaseReceipt.Result.SIGNED_OUT


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
    targets = targets_for(user, order)
    if not case.is_proven and leaves_nothing(user, order, targets):
        raise HelpDeskRefused(HelpDeskRefusal.NOT_PROVEN)
    receipts = end(case, agent, user, order, targets)
    acts = [str(each.act.pk) for each in receipts if each.act is not None]
    receipt.lines = lines_of(user, order, targets, receipts)
    receipt.save(update_fields=["lines"])
    note_step(case, agent, "carried out", receipt=receipt.public_id, acts=acts)
    return receipt


def verify_order(case: Case, agent: Any, order: Order) -> Any:
    """Return the user, if this order may be carried out now; otherwise raise `HelpDeskRefused`."""
    user = verify_known_caller(case, agent)
    if order.needs_proof and not case.is_proven:
        raise HelpDeskRefused(HelpDeskRefusal.NOT_PROVEN)
    if (order.recovery or order.new_password) and is_service_account(user):
        # Its link would go to a mailbox that nobody reads, and nobody chooses a password there.
        raise HelpDeskRefused(HelpDeskRefusal.SERVICE_ACCOUNT)
    if order.new_password and not has_usable_password(user):
        # Signs in through a provider only: the requirement could never be fulfilled.
        raise HelpDeskRefused(HelpDeskRefusal.NO_PASSWORD)
    if not order.needs_proof and not order.chosen:
        raise HelpDeskRefused(HelpDeskRefusal.NOTHING_SELECTED)
    return user


def targets_for(user: Any, order: Order) -> list[Target]:
    """Return what the order is about, as it is now: what was chosen, and what ends with it. Raises `HelpDeskRefused`
    where nothing was."""
    if order.signs_out_all:
        return targets_of(user, None)
    chosen = targets_of(user, order.chosen)
    if not chosen:
        raise HelpDeskRefused(HelpDeskRefusal.NOTHING_SELECTED)
    if not order.recovery:
        return chosen
    first, _last = reported(user, chosen)
    if first is None:
        return [*targets_of(user, None), *(target for target in chosen if not target.living)]
    return targets_of(user, order.chosen, since=since_of([first]))


def targets_of(user: Any, chosen: Iterable[str] | None, *, since: datetime | None = None) -> list[Target]:
    """Return the chosen devices of this user, and those where somebody has signed in since then (`chosen` None: all
    that are signed in), in three statements.

    Foreign ids match none. Devices of one name are told apart as on the page where they were chosen.
    """
    ids = None if chosen is None else set(chosen)
    living: dict[str, list[Session]] = {}
    unended = unended_of(user).sign_ins().select_related("device").defer("payload")
    for session in unended.order_by("-last_seen_at", "-pk"):
        living.setdefault(id_of(session), []).append(session)
    out = ids - living.keys() if ids is not None else set()
    gone = list(Device.objects.filter(user_id=user.pk, public_id__in=out)) if out else []
    ends = {
        public_id: [one for one in sessions if ids is None or public_id in ids or is_younger(one, since)]
        for public_id, sessions in living.items()
    }
    about = [public_id for public_id, ending in ends.items() if ending]
    titles = titles_of(user, living, gone, about)
    targets = []
    for public_id in about:
        in_part = len(ends[public_id]) < len(living[public_id])
        device = living[public_id][0].device
        targets.append(Target(public_id, titles[public_id], device, living=True, in_part=in_part))
    targets += [Target(each.public_id, titles[each.public_id], each, living=False) for each in gone]
    return targets


def titles_of(
    user: Any, living: dict[str, list[Session]], gone: list[Device], about: Iterable[str]
) -> dict[str, str]:
    """Return the titles of devices by public id. They are told apart as on the case page, from what it lists: what can
    be signed in now, and what could when it was chosen. From everything, where something else is among those that this
    is `about`: no two may have the same number."""
    in_time_now = unended_of(user).living().by_owner().filter(in_time(user, timezone.now()))
    listed = set(in_time_now.values_list("pk", flat=True))
    shown: dict[str, Line] = {each.public_id: (each, None) for each in gone}
    every: dict[str, Line] = dict(shown)
    for public_id, sessions in living.items():
        every[public_id] = (sessions[0].device, sessions[0])
        latest = next((session for session in sessions if session.pk in listed), None)
        if latest is not None:
            shown[public_id] = (latest.device, latest)
    return told_apart(shown if shown.keys() >= set(about) else every)


def told_apart(lines: dict[str, Line]) -> dict[str, str]:
    besides = tell_apart(list(lines.values()))
    return {
        public_id: distinct_title(str(device or Device()), beside)
        for (public_id, (device, _session)), beside in zip(lines.items(), besides, strict=True)
    }


def id_of(session: Session) -> str:
    return session.device.public_id if session.device is not None else session.public_id


def is_younger(session: Session, since: datetime | None) -> bool:
    return since is not None and session.signed_in_at is not None and session.signed_in_at >= since


def unended_of(user: Any) -> SessionQuerySet:
    """Return what an ending finds: also what has run out, or was ended by an incident, and does not say so yet."""
    return Session.objects.of(user).filter(ended_at__isnull=True)


def chosen_of(order: Order, targets: list[Target]) -> list[Target]:
    return [target for target in targets if target.public_id in order.chosen]


def ending(user: Any, order: Order, targets: list[Target]) -> SessionQuerySet:
    """Return the sessions that end by the order, as it is now."""
    if order.signs_out_all:
        return unended_of(user)
    chosen = chosen_of(order, targets)
    if not order.recovery:
        return unended_of(user).sign_ins().filter(on(chosen))
    first, _last = reported(user, chosen)
    return (
        unended_of(user) if first is None else unended_of(user).filter(recovered(chosen, since_of([first])))
    )


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
    chosen = chosen_of(order, targets)
    receipts = _lost(user, lost_of(order, targets), common)
    if order.recovery:
        # First, so that a new password is chosen there, and no second mail says how.
        receipts += recover(user, chosen, common, everything=order.signs_out_all)
    if order.new_password:
        receipts.append(require_new_password(user=user, reason=EndReason.HELP_DESK, **common))
    elif order.everything:
        receipts.append(end_user_sessions(user=user, reason=EndReason.HELP_DESK, **common))
    elif not order.recovery:
        receipts.append(
            end_sessions(
                sessions=sessions_on(user, chosen), reason=EndReason.HELP_DESK, of_user=user.pk, **common
            )
        )
    told = told_about(user)
    for receipt in receipts:
        if receipt.act is not None and receipt.ended:
            outbox.enqueue_act(receipt.act, user.pk, told)
    return receipts


def lost_of(order: Order, targets: list[Target]) -> list[Target]:
    """Return the devices that the order marks as lost: those that were chosen, also where everything is signed out.
    "Lost" with none chosen is said of all where everything is."""
    chosen = chosen_of(order, targets) or (targets if order.ends_all else [])
    return [target for target in chosen if order.lost and target.device is not None]


def _lost(user: Any, targets: list[Target], common: dict[str, Any]) -> list[Receipt]:
    devices = [target.device for target in targets if target.device is not None]
    return [mark_all_lost(devices=devices, of_user=user.pk, **common)] if devices else []


def on(targets: list[Target]) -> Q:
    """Return the condition for what is signed in there."""
    devices = [target.device.pk for target in targets if target.device is not None]
    without_device = [target.public_id for target in targets if target.device is None]
    return Q(device_id__in=devices) | Q(device__isnull=True, public_id__in=without_device)


def sessions_on(user: Any, targets: list[Target]) -> SessionQuerySet:
    return Session.objects.of(user).sign_ins().filter(on(targets))


def reported(user: Any, targets: list[Target]) -> tuple[Session | None, Session | None]:
    """Return the first and the last sign-in on these devices; None where nobody knows one."""
    theirs = sessions_on(user, targets).select_related("device").defer("payload")
    in_order = theirs.filter(signed_in_at__isnull=False).order_by("signed_in_at", "pk")
    return (in_order.first(), in_order.last()) if targets else (None, None)


def recovered(targets: list[Target], since: datetime) -> Q:
    """Return the condition for what ends where the account is given back: what is signed in on these devices, what has
    signed in since, and the access tokens."""
    return on(targets) | Q(signed_in_at__gte=since) | Q(kind=Session.Kind.TOKEN)


def recover(
    user: Any, targets: list[Target], common: dict[str, Any], *, everything: bool = False
) -> list[Receipt]:
    """Open the recovery of the account, since the first sign-in on the devices that are not the caller's.

    What signed in after that ends as well. Where no device was named, or nobody knows when somebody signed in there,
    everything ends: somebody may be in it by the caller's own browser. Then all that is young counts as added since,
    and the password as known whenever it was chosen. The access tokens are part of the same act, and of its mail.
    """
    first, last = reported(user, targets)
    since = since_of([first] if first else [])
    common = {**common, "reason": EndReason.HELP_DESK}
    if everything or first is None:
        ended = end_user_sessions(user=user, **common)
    else:
        going = Session.objects.of(user).filter(recovered(targets, since))
        ended = end_sessions(sessions=going, of_user=user.pk, whole_accounts=True, **common)
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
        act=ended.act,
    )
    return [ended]


def lines_of(user: Any, order: Order, targets: list[Target], receipts: list[Receipt]) -> list[dict[str, Any]]:
    """Return what the receipt says of each device, and of access tokens: what the acts have ended, not what was asked
    for."""
    acts = [receipt.act for receipt in receipts if receipt.act is not None]
    by_acts = Session.objects.of(user).filter(act__in=acts)
    ended = list(by_acts.sign_ins().select_related("device").defer("payload").order_by("-last_seen_at"))
    gone = {id_of(session): session.device for session in ended}
    unended = unended_of(user).sign_ins().select_related("device").defer("payload")
    stays = {id_of(session) for session in unended}
    lost = lost_of(order, targets)
    about = {target.public_id: target for target in targets}
    for public_id, device in gone.items():  # what has signed in meanwhile is in the acts alone
        about.setdefault(public_id, Target(public_id, str(device or Device()), device, living=True))
    lines = []
    for public_id, target in about.items():
        result = CaseReceipt.Result.IN_PART if public_id in stays else CaseReceipt.Result.SIGNED_OUT
        lines.append(line(target, result if public_id in gone else CaseReceipt.Result.ALREADY, order, lost))
    if tokens := by_acts.tokens().count() + sum(each.bridged for each in receipts):
        lines.append({"tokens": tokens, "result": str(CaseReceipt.Result.SIGNED_OUT)})
    return lines


def line(target: Target, result: CaseReceipt.Result, order: Order, lost: list[Target]) -> dict[str, Any]:
    said = {"lost": target in lost} if order.lost else {}
    return {"device": target.public_id, "title": target.title, "result": str(result), **said}


def give_back(*, case: Case, agent: Any, device: Device) -> None:
    """Take the mark "lost" off a device that was found again.

    Its return is no longer flagged. It still has to sign in.
    """
    user = verify_known_caller(case, agent)
    if device.user_id != user.pk:
        raise HelpDeskRefused(HelpDeskRefusal.NOBODY)
    mark_found(device=device, actor=agent)
    note_step(case, agent, "device found", device=device.public_id)
