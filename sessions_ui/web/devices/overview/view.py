"""Which part of the devices page somebody looks at: a page of it, and what was searched for. It is the query of the
page's address, and goes along with what people do there, so that they come back to where they were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy

from sessions_ui.models import Device
from sessions_ui.web.devices.overview.cards import Card
from sessions_ui.web.responses.navigation import htmx_of
from sessions_ui.web.tokens.bridged import BridgedKey
from sessions_ui.web.tokens.keys import Key

LONGEST = 100
SHOW: dict[str, Any] = {
    "": gettext_lazy("Everything"),
    "computers": gettext_lazy("Computers"),
    "phones": gettext_lazy("Phones and tablets"),
    "apps": gettext_lazy("Apps and keys"),
    "active": gettext_lazy("Active now"),
    "unused": gettext_lazy("Not used lately"),
}
KINDS = {"computers": {Device.Kind.COMPUTER}, "phones": {Device.Kind.PHONE, Device.Kind.TABLET}}


@dataclass(frozen=True, slots=True)
class Filter:
    """What was searched for: every word has to be in what is known of a device, whatever its case."""

    words: str = ""
    show: str = ""

    def __bool__(self) -> bool:
        return bool(self.words or self.show)

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in SHOW.items()]

    def takes(self, card: Card) -> bool:
        return self._shows(card) and self._matches(card.searched)

    def takes_key(self, key: Key) -> bool:
        is_shown = self.show in ("", "apps") or (self.show == "unused" and key.is_unused)
        return is_shown and self._matches(
            [key.title, key.token.agent, *key.scopes, key.session.address or ""]
        )

    def takes_bridged(self, key: BridgedKey) -> bool:
        return self.show in ("", "apps") and self._matches([key.title, *key.credential.scopes])

    def _shows(self, card: Card) -> bool:
        if self.show in KINDS:
            return not card.is_app and card.device is not None and card.device.kind in KINDS[self.show]
        if self.show == "apps":
            return card.is_app
        if self.show == "active":
            return card.is_active_now
        return card.is_unused if self.show == "unused" else True

    def _matches(self, texts: list[str]) -> bool:
        if not self.words:
            return True
        text = " ".join(texts).casefold()
        return all(word in text for word in self.words.casefold().split())


@dataclass(frozen=True, slots=True)
class View:
    """A page of the list, counted from 1, and what was searched for."""

    page: int = 1
    filter: Filter = Filter()

    @classmethod
    def of(cls, request: HttpRequest, *, from_page: bool = False) -> View:
        """Return what the request is about: the address that is asked for, or the one on which something was done,
        which a form says in `place`, and htmx in a header. `from_page`: a GET is about the latter, too. What makes no
        sense is the whole list."""
        if request.method == "POST" or from_page:
            return cls.read(query_of_page(request))
        return cls.read(request.GET)

    @classmethod
    def read(cls, query: QueryDict) -> View:
        number, show = query.get("page", ""), query.get("show", "")
        page = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
        words = " ".join(query.get("q", "").replace("\0", " ").split())[:LONGEST]
        return cls(page, Filter(words, show if show in SHOW else ""))

    @property
    def query(self) -> str:
        """The same as the query of an address; empty for the first page of everything."""
        parts = {"q": self.filter.words, "show": self.filter.show, "page": self.page if self.page > 1 else ""}
        return urlencode({name: value for name, value in parts.items() if value})

    def turned_to(self, page: int) -> str:
        """Return the query of another page of the same."""
        return replace(self, page=page).query or "page=1"


def query_of_page(request: HttpRequest) -> QueryDict:
    """Return the query of the page on which somebody did something."""
    for fields in (request.POST, request.GET):
        if "place" in fields:
            return _parsed(fields["place"])
    try:
        return _parsed(urlsplit(htmx_of(request).current_url or "").query)
    except ValueError:  # no URL: it comes from a header
        return QueryDict()


def _parsed(query: str) -> QueryDict:
    try:
        return QueryDict(query[:1000])
    except TooManyFieldsSent:  # nothing that a page of ours says of itself
        return QueryDict()
