"""What the devices page shows: the living sessions of one user, a card for each device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sessions_ui.actions.admit import out_of_time
from sessions_ui.client import Place
from sessions_ui.conf import conf
from sessions_ui.models import Device, Session

ACTIVE_NOW = timedelta(minutes=5)
HISTORY_ROWS = 20  # of "Recently signed out"; a device that signs in at every call must not fill the page


@dataclass(slots=True)
class Card:
    """One device with its sign-ins, the most recently used first. `device` is None where device cookies are off and
    the session was taken over from elsewhere. `current` is the sign-in that asks, if it is one of these."""

    device: Device | None
    sessions: list[Session] = field(default_factory=list)
    current: Session | None = None

    @property
    def latest(self) -> Session:
        return self.sessions[0]

    @property
    def public_id(self) -> str:
        return self.device.public_id if self.device else self.latest.public_id

    @property
    def title(self) -> str:
        return (self.device or Device()).title

    @property
    def about(self) -> str:
        """What stands under the title: the derived name where the title is the user's own, then the model, else the
        kind. Unknown parts are left out."""
        device = self.device or Device()
        model = f"{device.maker} {device.model}".strip()
        kind = str(device.get_kind_display()) if device.kind else ""
        return " · ".join(
            part for part in (device.derived_name if device.name else "", model or kind) if part
        )

    @property
    def is_current(self) -> bool:
        return self.current is not None

    @property
    def last_seen_at(self) -> datetime:
        return self.latest.last_seen_at

    @property
    def is_active_now(self) -> bool:
        return self.is_current or self.last_seen_at > timezone.now() - ACTIVE_NOW

    @property
    def place(self) -> Place | None:
        return self.latest.current_place

    @property
    def several(self) -> bool:
        return len(self.sessions) > 1


@dataclass(frozen=True, slots=True)
class Listing:
    current: Card | None
    others: list[Card]
    recently_ended: list[Session]

    @property
    def count(self) -> int:
        return len(self.others) + (1 if self.current else 0)

    @property
    def elsewhere(self) -> int:
        """What "Sign out everywhere else" ends: every sign-in but the one that asks, on this device too."""
        here = len(self.current.sessions) - 1 if self.current else 0
        return here + sum(len(card.sessions) for card in self.others)

    @property
    def providers(self) -> list[str]:
        """The sign-in providers by which somebody is signed in, by their keys in the settings."""
        cards = [*([self.current] if self.current else []), *self.others]
        return sorted({session.provider for card in cards for session in card.sessions if session.provider})


def listing(user: Any, *, current_id: int | None) -> Listing:
    """Two SQL statements, whatever the number of devices."""
    now = timezone.now()
    living = (
        Session.objects.of(user)
        .living()
        .select_related("device")
        .defer("payload")
        .order_by("-last_seen_at", "-id")
    )
    # By the rule that refuses them: what the sweep has not reached yet is not listed as signed in.
    cards = group(
        (session for session in living if not out_of_time(session, user, now)), current_id=current_id
    )
    since = now - timedelta(days=conf.history_days)
    ended = Session.objects.of(user).ended_since(since).select_related("device").defer("payload")
    return Listing(
        current=next((card for card in cards if card.is_current), None),
        others=[card for card in cards if not card.is_current],
        recently_ended=list(ended[:HISTORY_ROWS]),
    )


def group(sessions: Iterable[Session], *, current_id: int | None) -> list[Card]:
    """Grouped by device, which is known by its cookie only: two equal laptops stay two."""
    cards: dict[object, Card] = {}
    for session in sessions:
        key = session.device_id or f"session {session.pk}"
        card = cards.setdefault(key, Card(device=session.device))
        card.sessions.append(session)
        if session.pk == current_id:
            card.current = session
    return list(cards.values())
