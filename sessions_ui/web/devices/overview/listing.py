"""What the devices page shows: the sign-ins of one user, a card for each device, and beside them the access tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions_ui.conf import conf
from sessions_ui.database.timestamps import quick_timestamps
from sessions_ui.models import Containment, Session
from sessions_ui.models.containment import limits_of
from sessions_ui.web.devices.overview.cards import Card
from sessions_ui.web.devices.overview.folding import fold
from sessions_ui.web.devices.overview.map import DeviceMap, map_of
from sessions_ui.web.devices.overview.rows import complete, group, living_or_summaries
from sessions_ui.web.devices.overview.view import Filter, View
from sessions_ui.web.tokens.bridged import BridgedKey, BridgedKeys, bridged_keys_of
from sessions_ui.web.tokens.keys import Keys, keys_of
from sessions_ui.wording.names import tell_apart

# What is shown at once: a client that signs in at every call must not fill the page.
CARDS = 20
HISTORY_ROWS = 20
# From so many on there is a search.
MANY = 10


@dataclass(frozen=True, slots=True)
class Parts:
    """The cards by where they stand on the page; each stands in one place. `current` is the device in hand."""

    current: Card | None
    flagged: list[Card]
    others: list[Card]
    unused: list[Card]
    apps: list[Card]


@dataclass(frozen=True)
class Listing:
    """All cards, the most recently used first, and what ended lately. `view` says what of it is shown."""

    cards: list[Card]
    recently_ended: list[Session]
    # The sessions in which staff uses the account: they are on nobody's device.
    impersonations: list[Session] = field(default_factory=list)
    keys: Keys = field(default_factory=Keys)
    bridged: BridgedKeys = field(default_factory=BridgedKeys)
    view: View = field(default_factory=View)
    at: datetime = field(default_factory=timezone.now)

    @cached_property
    def current(self) -> Card | None:
        return next((card for card in self.cards if card.is_current), None)

    @cached_property
    def flagged(self) -> list[Card]:
        """What needs a look. The device in hand is not among them: its own row says it."""
        return [card for card in self.cards if card.flagged and not card.is_current]

    @cached_property
    def parts(self) -> Parts:
        """Those that the filter takes. What needs a look stands apart, as far as there is room for it."""
        current: Card | None = None
        flagged: list[Card] = []
        others: list[Card] = []
        unused: list[Card] = []
        apps: list[Card] = []
        for card in self.cards:
            if self.filter and not self.filter.takes(card):
                continue
            if card.is_current:
                current = card
            elif len(flagged) < CARDS and card.flagged:
                flagged.append(card)
            elif card.is_app:
                apps.append(card)
            else:
                (unused if card.is_unused else others).append(card)
        return Parts(current, flagged, others, unused, apps)

    @property
    def shown_current(self) -> Card | None:
        return self.parts.current

    @property
    def shown_flagged(self) -> list[Card]:
        return self.parts.flagged

    @property
    def all_can_be_mine(self) -> bool:
        """Whether there is more than one of which somebody could say so."""
        return sum(card.device is not None for card in self.shown_flagged) > 1

    @property
    def all_mine_url(self) -> str:
        return reverse("sessions_ui:all_mine")

    @property
    def others(self) -> list[Card]:
        return self.parts.others

    @property
    def shown_others(self) -> list[Card]:
        return self.others[(self.shown_page - 1) * CARDS : self.shown_page * CARDS]

    @property
    def no_others_text(self) -> str:
        """What stands in the place of other devices where there are none."""
        if self.filter:
            return _("No other device matches.")
        if self.flagged or self.unused or self.apps:
            return _("No other device has been used lately.")
        return _("No other device is signed in.")

    @property
    def unused(self) -> list[Card]:
        return self.parts.unused

    @property
    def shown_unused(self) -> list[Card]:
        return self.unused[:CARDS]

    @property
    def several_unused(self) -> int:
        """How many can be signed out together: none in what was searched for, because the others would go as well, and
        not one, whose own row does the same."""
        return len(self.unused) if not self.filter and len(self.unused) > 1 else 0

    @property
    def apps(self) -> list[Card]:
        return self.parts.apps

    @property
    def shown_apps(self) -> list[Card]:
        return self.apps[:CARDS]

    @cached_property
    def shown_keys(self) -> Keys:
        return Keys(
            [key for key in self.keys.rows if self.filter.takes_key(key)], all_of_them=not self.filter
        )

    @cached_property
    def shown_bridged(self) -> list[BridgedKey]:
        return [key for key in self.bridged.rows if self.filter.takes_bridged(key)]

    @property
    def has_apps_or_keys(self) -> bool:
        return bool(self.apps or self.shown_bridged or self.shown_keys.own)

    @property
    def filter(self) -> Filter:
        return self.view.filter

    @property
    def is_searchable(self) -> bool:
        return len(self.cards) >= MANY or bool(self.filter)

    @property
    def found(self) -> int:
        """How many devices and apps the filter takes, access tokens included."""
        parts = self.parts
        cards = len(parts.flagged) + len(parts.others) + len(parts.unused) + len(parts.apps)
        return cards + (parts.current is not None) + len(self.shown_keys) + len(self.shown_bridged)

    @property
    def pages(self) -> int:
        return max(-(-len(self.others) // CARDS), 1)

    @property
    def shown_page(self) -> int:
        """The number of the page that is shown, within those there are: the last device of the last page may just have
        been signed out."""
        return min(max(self.view.page, 1), self.pages)

    @property
    def previous_page(self) -> int:
        """The number of the page before, or 0."""
        return self.shown_page - 1

    @property
    def next_page(self) -> int:
        """The number of the page after, or 0."""
        return self.shown_page + 1 if self.shown_page < self.pages else 0

    @property
    def previous_place(self) -> str:
        return self.view.turned_to(self.previous_page)

    @property
    def next_place(self) -> str:
        return self.view.turned_to(self.next_page)

    @property
    def place(self) -> str:
        """The query of this view, which goes along with what is done on the page."""
        return self.view.query

    @property
    def count(self) -> int:
        return len(self.cards)

    @cached_property
    def elsewhere(self) -> int:
        """How many sign-ins "Sign out everywhere else" ends: all but the one that asks, on this device too, and those
        of support."""
        own = 1 if self.current else 0
        return sum(len(card.sessions) for card in self.cards) - own + len(self.impersonations)

    @property
    def elsewhere_text(self) -> str:
        """The same in words, by devices, which is what people count."""
        there = [card for card in self.cards if not card.is_current]
        sign_ins = ngettext("%(count)d other sign-in", "%(count)d other sign-ins", self.elsewhere)
        sign_ins %= {"count": self.elsewhere}
        if not there:
            return _("Ends %(sign_ins)s. This device stays signed in.") % {"sign_ins": sign_ins}
        if any(card.is_app for card in there):
            devices = ngettext(
                "%(count)d other device or app", "%(count)d other devices and apps", len(there)
            )
        else:
            devices = ngettext("%(count)d other device", "%(count)d other devices", len(there))
        words = {"sign_ins": sign_ins, "devices": devices % {"count": len(there)}}
        if self.elsewhere == len(there):
            return _("Signs out %(devices)s. This device stays signed in.") % words
        return _("Signs out %(devices)s, which ends %(sign_ins)s. This device stays signed in.") % words

    @property
    def has_more_to_end(self) -> bool:
        """Whether "everywhere" is more than what the one row of this device does."""
        return bool(self.elsewhere or self.tokens)

    @property
    def tokens(self) -> int:
        """How many access tokens there are, those that other packages keep included."""
        return len(self.keys) + len(self.bridged.rows)

    @property
    def has_map(self) -> bool:
        """Whether there is more to see on a map than the place that one row names."""
        return len(self.cards) > 1 and not self.filter

    @cached_property
    def map(self) -> DeviceMap:
        return map_of(self.cards)

    @cached_property
    def providers(self) -> list[str]:
        """The sign-in providers by which somebody is signed in, by their keys in the settings."""
        return sorted(
            {session.provider for card in self.cards for session in card.sessions if session.provider}
        )

    @property
    def shown_cards(self) -> list[Card]:
        """The cards that stand on the page as rows, once each."""
        current = [self.shown_current] if self.shown_current else []
        return [*current, *self.shown_flagged, *self.shown_others, *self.shown_unused, *self.shown_apps]


def listing(user: Any, *, current: Session | None, view: View | None = None) -> Listing:
    """Return what the devices page shows, in two SQL statements, whatever the number of devices. One more reads access
    tokens where there are any, another one where they were made, two more many sessions, and one more each package
    that keeps credentials of its own. `current`: the session that asks, which knows what incidents have ended; without
    one that is read, too."""
    since = timezone.now() - conf.history_age
    ended = Session.objects.of(user).ended_since(since).select_related("device", "token").defer("payload")
    limits = limits_of(current) if current is not None else Containment.read().limits
    with quick_timestamps(ended.db):
        living, has_tokens = living_or_summaries(user, limits)
        found = Listing(
            cards=fold(group(living, current_id=current.pk if current is not None else None)),
            recently_ended=list(ended[:HISTORY_ROWS]),
            impersonations=[session for session in living if session.impersonated_from_id is not None],
            view=view or View(),
            keys=keys_of(user) if has_tokens else Keys(),
            bridged=bridged_keys_of(user),
        )
        complete(found.shown_cards)
    on_map = [card for spot in found.map.shown_spots for card in spot.shown_cards] if found.has_map else []
    tell_cards_apart(found.cards, [*found.shown_cards, *on_map])
    return found


def told_apart(cards: list[Card]) -> list[Card]:
    tell_cards_apart(cards, cards)
    return cards


def tell_cards_apart(cards: list[Card], shown: Iterable[Card]) -> None:
    """Say on those that are shown what distinguishes them from all others of the same name."""
    read = {id(card) for card in shown}
    wanted = [number for number, card in enumerate(cards) if id(card) in read]
    texts = tell_apart([(card.device, card.latest) for card in cards], wanted)
    for number in wanted:
        cards[number].beside = texts[number]
