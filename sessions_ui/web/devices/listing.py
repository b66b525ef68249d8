"""What the devices page shows: the sign-ins of one user, a card for each device, and beside them the access tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils import timezone

from sessions_ui.actions.sessions.timeouts import out_of_time
from sessions_ui.conf import conf
from sessions_ui.models import Session
from sessions_ui.web.devices.cards import Card
from sessions_ui.web.devices.folding import fold
from sessions_ui.web.devices.map import DeviceMap, map_of
from sessions_ui.web.tokens.bridged import BridgedKeys, bridged_keys_of
from sessions_ui.web.tokens.keys import Keys, keys_of
from sessions_ui.wording.names import tell_apart

# What is shown at once: a client that signs in at every call must not fill the page.
CARDS = 20
HISTORY_ROWS = 20


@dataclass(frozen=True)
class Listing:
    """All cards, the most recently used first, and what ended lately. `page` of the other devices is shown."""

    cards: list[Card]
    recently_ended: list[Session]
    # The sessions in which staff uses the account: they are on nobody's device.
    impersonations: list[Session] = field(default_factory=list)
    keys: Keys = field(default_factory=Keys)
    bridged: BridgedKeys = field(default_factory=BridgedKeys)
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
        """The number of the page that is shown, within those there are: the last device of the last page may just have
        been signed out."""
        return min(max(self.page, 1), self.pages)

    @property
    def previous_page(self) -> int:
        """The number of the page before, or 0."""
        return self.shown_page - 1

    @property
    def next_page(self) -> int:
        """The number of the page after, or 0."""
        return self.shown_page + 1 if self.shown_page < self.pages else 0

    @property
    def count(self) -> int:
        return len(self.cards)

    @cached_property
    def elsewhere(self) -> int:
        """How many sign-ins "Sign out everywhere else" ends: all but the one that asks, on this device too."""
        return sum(len(card.sessions) for card in self.cards) - (1 if self.current else 0)

    @property
    def tokens(self) -> int:
        """How many access tokens there are, those that other packages keep included."""
        return len(self.keys) + len(self.bridged.rows)

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
    """Return what the devices page shows, in three SQL statements, whatever the number of devices and tokens;
    and one for each other package that keeps any."""
    since = timezone.now() - conf.history_age
    ended = Session.objects.of(user).ended_since(since).select_related("device", "token").defer("payload")
    living = signed_in(user)
    return Listing(
        cards=told_apart(fold(group(living, current_id=current_id))),
        recently_ended=list(ended[:HISTORY_ROWS]),
        impersonations=[session for session in living if session.impersonated_from_id is not None],
        page=page,
        keys=keys_of(user),
        bridged=bridged_keys_of(user),
    )


def cards_of(user: Any, *, current_id: int | None) -> list[Card]:
    """Return the cards of everything that is signed in, in one SQL statement."""
    return group(signed_in(user), current_id=current_id)


def signed_in(user: Any) -> list[Session]:
    """Return the user's living sign-ins, the most recently used first, by the rule that refuses them: what the sweep
    has not reached yet is not listed as signed in. Access tokens are none (`keys_of()`)."""
    now = timezone.now()
    living = Session.objects.of(user).living().sign_ins().select_related("device").defer("payload")
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
    """Group the sessions by device, which is known by its cookie only: two equal laptops stay two. What staff does in
    the account is on no device of its owner's."""
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
