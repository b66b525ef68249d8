"""What the page of one device shows: its sign-ins, what has been done to it, and the proof that a sign-out works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from sessions_ui.actions.sessions.rules.timeouts import out_of_time
from sessions_ui.models import Delivery, Device, EndReason, Event, Session
from sessions_ui.wording.events import HISTORY_KINDS

SIGN_INS = 10
EVENTS = 20
# How long a page that was just left asks whether more of the proof has come in.
PROOF_WAITS = timedelta(minutes=5)

# What ended without anybody's decision.
BY_ITSELF = (
    EndReason.IDLE_TIMEOUT,
    EndReason.ABSOLUTE_TIMEOUT,
    EndReason.EXPIRED,
    EndReason.UNUSED,
    EndReason.SUPERSEDED,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about the last sign-out: when, whether its tabs were told and its mail went out, the first request
    that was refused."""

    session: Session
    mailed_at: datetime | None
    mail_under_way: bool

    @property
    def is_coming_in(self) -> bool:
        """Whether the page should ask again by itself."""
        ended_at = self.session.ended_at
        recent = ended_at is not None and ended_at > timezone.now() - PROOF_WAITS
        return recent and (self.mail_under_way or self.session.refused_at is None)


@dataclass(frozen=True, slots=True)
class Details:
    """What the page of one device shows. `sign_ins`: the last ten, the newest first; `living`: those of them that are
    signed in; `proof`: of the end that was asked for, else of the last one; `is_asked_for`: somebody came for it."""

    device: Device
    sign_ins: list[Session]
    living: list[Session]
    current: Session | None
    events: list[Event]
    proof: Evidence | None
    is_asked_for: bool = False

    @property
    def shows_proof(self) -> bool:
        """Whether the proof stands on the page: of a device that is signed in again, for whoever asked for it."""
        return self.proof is not None and (self.is_asked_for or not self.living)

    @property
    def proof_url(self) -> str:
        """Where the page asks whether more of the proof has come in."""
        address = reverse("sessions_ui:proof", args=[self.device.public_id])
        asked_for = self.proof.session.public_id if self.proof and self.is_asked_for else ""
        return f"{address}?sign_in={asked_for}" if asked_for else address

    @property
    def title(self) -> str:
        return self.device.title

    @property
    def latest(self) -> Session | None:
        """The most recently used sign-in of those that are signed in, else the last there was."""
        return max(self.living or self.sign_ins, key=lambda session: session.last_seen_at, default=None)

    @property
    def can_be_signed_out(self) -> bool:
        """Whether there is something to end. The device in hand has that further down, in words of its own."""
        return bool(self.living) and not self.is_current

    @property
    def is_current(self) -> bool:
        return self.current is not None


def details(device: Device, user: Any, *, current_id: int | None, sign_in: str = "") -> Details:
    """Return what the page of one device shows, in three SQL statements, in four where the end that was asked for
    (`sign_in`, a public id) is none of the last. The caller has checked whose device it is."""
    there = Session.objects.of(user).filter(device=device).with_containment().defer("payload")
    sign_ins = list(there.order_by("-signed_in_at", "-id")[:SIGN_INS])
    now = timezone.now()
    events = Event.objects.filter(user_id=user.pk, device=device, kind__in=HISTORY_KINDS)
    asked_for = next((s for s in sign_ins if s.public_id == sign_in), None)
    if asked_for is None and sign_in:
        asked_for = there.filter(public_id=sign_in).first()
    if asked_for is not None and not is_decided(asked_for):
        asked_for = None
    ended = asked_for or max(
        (s for s in sign_ins if s.ended_at), key=lambda s: s.ended_at or now, default=None
    )
    return Details(
        device=device,
        sign_ins=sign_ins,
        living=[s for s in sign_ins if s.is_living and not out_of_time(s, user, now)],
        current=next((s for s in sign_ins if s.pk == current_id and s.is_living), None),
        events=list(events.order_by("-id")[:EVENTS]),
        proof=proof_of(ended) if ended else None,
        is_asked_for=asked_for is not None,
    )


def proof_of(session: Session) -> Evidence | None:
    """Return what proves that the session has ended; None where nobody decided anything, because a timeout needs no
    proof."""
    if session.end_reason in BY_ITSELF:
        return None
    mails = Delivery.objects.filter(act=session.act_id, user=session.user_id, channel="mail")
    done = [mail.done_at for mail in mails]
    return Evidence(
        session=session,
        mailed_at=max((at for at in done if at), default=None),
        mail_under_way=any(mail.done_at is None and mail.parked_at is None for mail in mails),
    )


def proof_url(session: Session) -> str:
    """Return where the page of its device proves that this sign-in has ended; the page alone where nobody decided
    anything."""
    address = reverse("sessions_ui:device", args=[session.device.public_id])  # type: ignore[union-attr]
    return f"{address}?sign_in={session.public_id}#proof" if is_decided(session) else address


def is_decided(session: Session) -> bool:
    """Return whether somebody ended it: then there is something to prove."""
    return session.ended_at is not None and session.end_reason not in BY_ITSELF
