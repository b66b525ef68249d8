"""Carry out what the agent decided, once, with a receipt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from sessions_ui import outbox
from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.devices.lost import mark_all_lost, mark_found
from sessions_ui.actions.endings.end import Receipt, end_sessions, end_user_sessions
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.help_desk.open import note_step
from sessions_ui.actions.help_desk.order import (
    Order,
    Target,
    chosen_of,
    id_of,
    lost_of,
    recovered,
    reported,
    sessions_on,
    targets_for,
    unended_of,
)
from sessions_ui.actions.help_desk.rights import verify_agent_acts, verify_known_caller, verify_pace
from sessions_ui.actions.recovery.open import open_recovery, since_of
from sessions_ui.actions.trusted_addresses import told_about
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.models import Case, CaseReceipt, Device, EndReason, Recovery, ServiceAccount, Session
from sessions_ui.user_model import has_usable_password

ONE_BY_ONE = timedelta(days=1)  # devices that are signed out within that are signed out together


def carry_out(*, case: Case, agent: Any, order: Order, nonce: str) -> CaseReceipt:
    """Do what the order says, or nothing, in one transaction; return the receipt.

    An order that is submitted twice with the same nonce is done once, and both get the same receipt. Raises
    `HelpDeskRefused` where the case does not allow it.
    """
    verify_agent_acts()
    done = CaseReceipt.objects.filter(case=case, case__agent_id=agent.pk, nonce=nonce).first()
    if done is not None:  # whatever has become of the case, its proof and its caller since
        return done
    user = verify_order(case, agent, order)
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
    if (order.recovery or order.new_password) and ServiceAccount.is_one(user.pk):
        # Its link would go to a mailbox that nobody reads, and nobody chooses a password there.
        raise HelpDeskRefused(HelpDeskRefusal.SERVICE_ACCOUNT)
    if order.new_password and not has_usable_password(user):
        # Signs in through a provider only: the requirement could never be fulfilled.
        raise HelpDeskRefused(HelpDeskRefusal.NO_PASSWORD)
    if not order.needs_proof and not order.chosen:
        raise HelpDeskRefused(HelpDeskRefusal.NOTHING_SELECTED)
    return user


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


def _lost(user: Any, targets: list[Target], common: dict[str, Any]) -> list[Receipt]:
    devices = [target.device for target in targets if target.device is not None]
    return [mark_all_lost(devices=devices, of_user=user.pk, **common)] if devices else []


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
