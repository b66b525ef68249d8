"""What a letter is, and what letters share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse

from sessions_ui.client import Place
from sessions_ui.client.text import one_line
from sessions_ui.conf import conf
from sessions_ui.models import AccessToken, Delivery, Session
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.wording.names import distinct_title, tell_apart, version_text

LONGEST = 60  # characters of a name that somebody typed
TOKENS_LISTED = 10  # access tokens named in a mail; the rest is a number


@dataclass(frozen=True, slots=True)
class Letter:
    """One kind of mail.

    `name` picks its templates: `sessions_ui/mail/<name>.txt`, `<name>.html` and `<name>_subject.txt`. `context` fills
    them; it is called once, with the receiver's language and time zone in effect. `kind` is what `MAIL_PREFERENCE` is
    asked for, and only where the letter is `optional`: nobody can switch off what is about the safety of the account.
    `awaited`: somebody sits there and waits for it, so it is never held back (whoever sends it limits how often).
    """

    name: str
    kind: str
    optional: bool
    context: Callable[[Delivery], dict[str, Any]]
    awaited: bool = False


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device as a mail names it. `about` is empty where the title says the same, but for the version
    of an app; nothing in it breaks a line."""

    title: str
    about: str
    place: Place | None
    address: str


def device_lines(sessions: Sequence[Session]) -> list[DeviceLine]:
    """Return a line for each device, with what distinguishes those that have the same name."""
    beside = tell_apart([(session.device, session) for session in sessions])
    return [device_line(session, text) for session, text in zip(sessions, beside, strict=True)]


def device_line(session: Session, beside: str = "") -> DeviceLine:
    device = session.device
    title, about = (device.title, device.derived_name) if device else ("", "")
    version = version_text(device, session)
    return DeviceLine(
        title=one_line(distinct_title(title, beside)),
        about=one_line(", ".join(filter(None, [about if about != title else "", version]))),
        place=session.current_place,
        address=session.address or "",
    )


def token_names(sessions: SessionQuerySet) -> list[str]:
    """Return the names of these access tokens, by which their owner knows them, the most recently used first."""
    rows = AccessToken.objects.filter(session__in=sessions).order_by("-session__last_seen_at", "-pk")
    return [short(name) for name in rows.values_list("name", flat=True)[:TOKENS_LISTED]]


def short(text: str) -> str:
    """Return a name that somebody typed, in one line that is not too long."""
    text = one_line(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def link(name: str, *args: object) -> str:
    """Return the absolute URL of a page (a name as in `reverse()`); empty where the site's own address is not known."""
    if not conf.site_url:
        return ""
    try:
        return conf.site_url + reverse(name, args=args)
    except NoReverseMatch:
        return ""
