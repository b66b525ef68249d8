"""What an agent decided, and what it is about: devices as they are now, and the sessions that end with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from sessions_ui.actions.recovery.open import since_of
from sessions_ui.actions.sessions.rules.timeouts import in_time
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.models import CaseReceipt, Device, Session
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.wording.names import Line, distinct_titles


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
    lines = shown if shown.keys() >= set(about) else every
    return dict(zip(lines, distinct_titles(list(lines.values())), strict=True))


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


def lost_of(order: Order, targets: list[Target]) -> list[Target]:
    """Return the devices that the order marks as lost: those that were chosen, also where everything is signed out.
    "Lost" with none chosen is said of all where everything is."""
    chosen = chosen_of(order, targets) or (targets if order.ends_all else [])
    return [target for target in chosen if order.lost and target.device is not None]


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
