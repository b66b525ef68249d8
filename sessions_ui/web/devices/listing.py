"""What the devices page shows: the living sessions of one user, a card for each device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from sessions_ui.actions.sessions.validate import out_of_time
from sessions_ui.client import Place
from sessions_ui.conf import conf
from sessions_ui.models import Device, Session
from sessions_ui.web.devices.folding import fold
from sessions_ui.web.devices.map import DeviceMap, map_of
from sessions_ui.wording.names import distinct_title, tell_apart

ACTIVE_NOW = timedelta(minutes=5)
# What is shown at once: a client that signs in at every call must not fill the page.
CARDS = 20
SIGN_INS = 10
HISTORY_ROWS = 20


@dataclass(slots=True)
class Card:
    """One device with its sign-ins, the most recently used first. `device` is None where device cookies are off and
    the session was taken over from elsewhere. `current` is the sign-in that asks, if it is one of these."""

    device: Device | None
    sessions: list[Session] = field(default_factory=list)
    current: Session | None = None
    # Several devices of one program that keeps no cookies (folding.py).
    is_folded: bool = False
    # What tells it from others of the same name (wording/names.py).
    beside: str = ""

    @property
    def latest(self) -> Session:
        return self.sessions[0]

    @property
    def public_id(self) -> str:
        return self.device.public_id if self.device else self.latest.public_id

    @property
    def title(self) -> str:
        return distinct_title((self.device or Device()).title, self.beside)

    @property
    def url(self) -> str:
        """The page of the device."""
        return reverse("sessions_ui:device", args=[self.public_id])

    @property
    def rename_url(self) -> str:
        return reverse("sessions_ui:rename", args=[self.public_id])

    @property
    def sign_out_url(self) -> str:
        """Ends all its sign-ins."""
        if self.is_folded:
            return reverse("sessions_ui:sign_out_folded", args=[self.latest.public_id])
        name = "sign_out_device" if self.device else "sign_out_session"
        return reverse(f"sessions_ui:{name}", args=[self.public_id])

    @property
    def sign_out_label(self) -> str:
        return _("Sign out here") if self.is_current else _("Sign out")

    @property
    def sign_out_spoken(self) -> str:
        """What a screen reader says in place of the label."""
        if self.is_current:
            return _("Sign out here, on this device")
        return _("Sign out %(name)s") % {"name": self.title}

    @property
    def about(self) -> str:
        """What stands under the title: the derived name where the title is the user's own, then the model, else the
        kind. Unknown parts are left out."""
        device = self.device or Device()
        parts = [
            device.derived_name if device.name else "",
            device.make or (str(Device.Kind(device.kind).label) if device.kind else ""),
            _("signs in anew each time") if self.is_folded else "",
        ]
        return " · ".join(part for part in parts if part)

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
    def is_unused(self) -> bool:
        return not self.is_current and self.last_seen_at < timezone.now() - conf.unused_after

    @property
    def is_app(self) -> bool:
        """An app or a key: nothing of it is a browser."""
        return all(session.kind != Session.Kind.BROWSER for session in self.sessions)

    @property
    def flagged(self) -> Session | None:
        """The most recently used sign-in that nobody has looked at yet."""
        return next((session for session in self.sessions if session.needs_a_look), None)

    def is_newer_than(self, moment: datetime) -> bool:
        """Whether nobody was signed in there at that moment."""
        return all((session.signed_in_at or session.created_at) > moment for session in self.sessions)

    @property
    def place(self) -> Place | None:
        return self.latest.current_place

    @property
    def several(self) -> bool:
        return len(self.sessions) > 1

    @property
    def shown_sessions(self) -> list[Session]:
        return self.sessions[:SIGN_INS]

    @property
    def more_sessions(self) -> int:
        return max(len(self.sessions) - SIGN_INS, 0)


@dataclass(frozen=True)
class Listing:
    """All cards, the most recently used first, and what ended lately. `page` of the other devices is shown."""

    cards: list[Card]
    recently_ended: list[Session]
    # In which staff uses the account: on nobody's device.
    impersonations: list[Session] = field(default_factory=list)
    page: int = 1
    at: datetime = field(default_factory=timezone.now)

    @cached_property
    def current(self) -> Card | None:
        return next((card for card in self.cards if card.is_current), None)

    @cached_property
    def flagged(self) -> list[Card]:
        return [card for card in self.cards if card.flagged]

    @cached_property
    def others(self) -> list[Card]:
        return [card for card in self._elsewhere if not card.is_app and not card.is_unused]

    @cached_property
    def unused(self) -> list[Card]:
        return [card for card in self._elsewhere if not card.is_app and card.is_unused]

    @cached_property
    def apps(self) -> list[Card]:
        return [card for card in self._elsewhere if card.is_app]

    @property
    def shown_flagged(self) -> list[Card]:
        return self.flagged[:CARDS]

    @property
    def shown_others(self) -> list[Card]:
        return self.others[(self.shown_page - 1) * CARDS : self.shown_page * CARDS]

    @property
    def shown_unused(self) -> list[Card]:
        return self.unused[:CARDS]

    @property
    def shown_apps(self) -> list[Card]:
        return self.apps[:CARDS]

    @property
    def pages(self) -> int:
        return max(-(-len(self.others) // CARDS), 1)

    @property
    def shown_page(self) -> int:
        """Within the pages there are: the last device of the last page may just have been signed out."""
        return min(max(self.page, 1), self.pages)

    @property
    def previous_page(self) -> int:
        """0 for none."""
        return self.shown_page - 1

    @property
    def next_page(self) -> int:
        """0 for none."""
        return self.shown_page + 1 if self.shown_page < self.pages else 0

    @property
    def count(self) -> int:
        return len(self.cards)

    @cached_property
    def elsewhere(self) -> int:
        """What "Sign out everywhere else" ends: every sign-in but the one that asks, on this device too."""
        return sum(len(card.sessions) for card in self.cards) - (1 if self.current else 0)

    @cached_property
    def _elsewhere(self) -> list[Card]:
        return [card for card in self.cards if not card.is_current]

    @cached_property
    def map(self) -> DeviceMap:
        return map_of(self.cards)

    @cached_property
    def providers(self) -> list[str]:
        """The sign-in providers by which somebody is signed in, by their keys in the settings."""
        return sorted(
            {session.provider for card in self.cards for session in card.sessions if session.provider}
        )


def listing(user: Any, *, current_id: int | None, page: int = 1) -> Listing:
    """Two SQL statements, whatever the number of devices."""
    since = timezone.now() - timedelta(days=conf.history_days)
    ended = Session.objects.of(user).ended_since(since).select_related("device").defer("payload")
    living = signed_in(user)
    return Listing(
        cards=told_apart(fold(group(living, current_id=current_id))),
        recently_ended=list(ended[:HISTORY_ROWS]),
        impersonations=[session for session in living if session.impersonated_from_id is not None],
        page=page,
    )


def cards_of(user: Any, *, current_id: int | None) -> list[Card]:
    """Everything that is signed in; one SQL statement."""
    return group(signed_in(user), current_id=current_id)


def signed_in(user: Any) -> list[Session]:
    """The most recently used first, by the rule that refuses them: what the sweep has not reached yet is not listed
    as signed in."""
    now = timezone.now()
    living = Session.objects.of(user).living().select_related("device").defer("payload")
    # Sorted here: all are read anyway, and ORDER BY makes the statement half as long again to put together.
    return sorted(
        (session for session in living if not out_of_time(session, user, now)),
        key=lambda session: (session.last_seen_at, session.pk),
        reverse=True,
    )


def told_apart(cards: list[Card]) -> list[Card]:
    for card, beside in zip(cards, tell_apart([(card.device, card.latest) for card in cards]), strict=True):
        card.beside = beside
    return cards


def group(sessions: Iterable[Session], *, current_id: int | None) -> list[Card]:
    """Grouped by device, which is known by its cookie only: two equal laptops stay two. What staff does in the
    account is on no device of its owner's."""
    cards: dict[object, Card] = {}
    for session in sessions:
        if session.impersonated_from_id is not None:
            continue
        key = session.device_id or f"session {session.pk}"
        card = cards.setdefault(key, Card(device=session.device))
        card.sessions.append(session)
        if session.pk == current_id:
            card.current = session
    return list(cards.values())
