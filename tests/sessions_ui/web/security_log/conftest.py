"""Somebody with a log: events as rows, because only what is said of them is looked at."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from sessions_ui.database import moments
from tests.models import Event, EventDetail

PAGE = "/account/devices/log/"
LINE = re.compile(r"<li>\s*<p>\s*<strong>(.*?)</strong>(.*?)</p>", re.DOTALL)


@pytest.fixture
def here(browser: Callable[..., Any], user: Any) -> Any:
    """A browser in UTC in which they are signed in; of that the log has one entry."""
    client = browser()
    client.cookies["sessions_ui_zone"] = "UTC"
    client.sign_in(user)
    return client


@pytest.fixture
def happened(user: Any) -> Callable[..., Any]:
    """`happened("device_lost", actor=…, text=…, address=…)`: one more event of theirs, newer than all others."""

    def append(kind: str, *, text: str = "", address: str | None = None, **fields: Any) -> Any:
        fields = {"kind": kind, "user": user, "actor": user, **fields}
        if "at" in fields:
            fields["at"] = moments.stored(fields["at"])
        event = Event.objects.create(**fields)
        if text or address:
            EventDetail.objects.create(event=event, text=text, address=address)
        return event

    return append


def lines(html: str) -> list[str]:
    """What each line of the list says, without its markup."""
    found = [" ".join(re.sub(r"<[^>]+>", " ", f"{what} {rest}").split()) for what, rest in LINE.findall(html)]
    return [unescape(text) for text in found]


def texts(html: str) -> list[str]:
    """What happened, line by line."""
    return [unescape(" ".join(what.split())) for what, _rest in LINE.findall(html)]


def shown(client: Any, **query: str) -> list[str]:
    return texts(client.get(PAGE, query).content.decode())
