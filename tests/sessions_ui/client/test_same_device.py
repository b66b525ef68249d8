"""Which change of a header is the same device and which a copied cookie: every row of the tables in docs/risk.md."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from sessions_ui.client import Client, contradicts, improved
from sessions_ui.client.improve import BROWSERS, SYSTEMS

PAGE = Path(__file__).parents[3] / "docs" / "risk.md"
SAME, COPY = "the same device", "a copy"
Row = tuple[str, tuple[str, ...], tuple[str, ...], str]


def rows(head: str) -> list[Row]:
    """The rows of the table that begins with this cell; cells in the middle are lists."""
    lines = iter(PAGE.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith(f"| {head} |"):
            break
    next(lines)
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        says, others, where, verdict = (cell.strip() for cell in line.strip("|").split("|"))
        found.append((says, tuple(others.split(", ")), tuple(where.split(", ")), verdict))
    return found


BROWSER_ROWS, SYSTEM_ROWS = rows("one says of its browser"), rows("one says of its system")


def browser_pairs() -> list[tuple[Client, Client, str]]:
    pairs = []
    for says, others, systems, verdict in BROWSER_ROWS:
        known = ("Windows", "Android", "") if systems == ("any system",) else systems
        apps = ("ExampleShop", "Instagram") if others == ("any app",) else others
        pairs += [
            (Client(browser=says, system=system), Client(browser=other, system=system), verdict)
            for other, system in product(apps, known)
        ]
    return pairs


def system_pairs() -> list[tuple[Client, Client, str]]:
    return [
        (Client(browser=browser, system=says), Client(browser=browser, system=other), verdict)
        for says, others, browsers, verdict in SYSTEM_ROWS
        for other, browser in product(others, ("Some Browser",) if browsers == ("any browser",) else browsers)
    ]


@pytest.mark.parametrize(("one", "other", "verdict"), browser_pairs() + system_pairs())
def test_a_row_of_the_page_holds_whichever_of_the_two_comes_first(
    one: Client, other: Client, verdict: str
) -> None:
    assert verdict in (SAME, COPY)
    assert contradicts(one, other) is contradicts(other, one) is (verdict == COPY)
    # The bystander: a third client is neither of the two.
    assert contradicts(one, Client(browser="Internet Explorer", system="Solaris"))


@pytest.mark.parametrize(("one", "other", "verdict"), browser_pairs() + system_pairs())
def test_what_is_behind_a_mask_stays_known(one: Client, other: Client, verdict: str) -> None:
    if verdict == COPY:
        assert improved(one, other) is one
    else:
        assert improved(one, other).browser == improved(other, one).browser == other.browser
        assert improved(one, other).system == improved(other, one).system == other.system


def test_the_page_tells_every_mask_and_no_other() -> None:
    told = {(says, others, where) for says, others, where, verdict in BROWSER_ROWS if verdict == SAME}
    assert told == {
        (
            mask.says,
            ("any app",) if mask.may_be is None else tuple(sorted(mask.may_be)),
            ("any system",) if mask.systems is None else tuple(sorted(mask.systems)),
        )
        for mask in BROWSERS
    }


def test_the_page_tells_every_disguise_and_no_other() -> None:
    told = {(says, others, where) for says, others, where, verdict in SYSTEM_ROWS if verdict == SAME}
    assert told == {
        (
            disguise.says,
            tuple(sorted(disguise.may_be)),
            ("any browser",) if disguise.browsers is None else tuple(sorted(disguise.browsers)),
        )
        for disguise in SYSTEMS
    }


@pytest.mark.parametrize("browser_version", ["1", "999", ""])
def test_another_version_is_the_same_device(browser_version: str) -> None:
    one = Client(browser="Chrome", browser_version="142", system="Windows", system_version="11")
    assert not contradicts(one, Client(browser="Chrome", browser_version=browser_version, system="Windows"))
