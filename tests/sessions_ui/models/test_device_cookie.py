"""The device cookie by itself: what is in it for whom, and what a browser may send instead."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from http.cookies import SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_ui.models.device_cookie import (
    MOST,
    DeviceCookieValue,
    first_value,
    series_digests,
    value_of,
    with_value,
)
from tests.models import Device

ADA, GRACE = 1, 2


def cookie_of(*people: int) -> str:
    """Return a cookie in which these have a first value each, the last one having signed in last."""
    cookie = None
    for person in people:
        cookie = with_value(cookie, person, first_value())
    assert cookie is not None
    return cookie


def pairs(cookie: str) -> list[tuple[str, str]]:
    parts = cookie.split(".")
    return list(zip(parts[::2], parts[1::2], strict=True))


def test_each_account_has_the_value_that_it_was_given_last() -> None:
    values = {person: first_value() for person in (ADA, GRACE)}
    cookie = None
    for person, value in [(ADA, first_value()), *values.items()]:
        cookie = with_value(cookie, person, value)
    assert {person: value_of(cookie, person) for person in values} == values
    assert value_of(cookie, 3) is None


def test_a_value_comes_back_as_it_was_given_out() -> None:
    value = DeviceCookieValue(b"x" * 16, number=70_000, parent=69_998)
    assert value_of(with_value(None, ADA, value), ADA) == value


def test_a_value_is_of_no_use_to_another_account() -> None:
    """Under the tag of Grace, whom it does not name."""
    [(_tag, value)] = pairs(cookie_of(ADA))
    [(tag, _value)] = pairs(cookie_of(GRACE))
    assert value_of(f"{tag}.{value}", GRACE) is None


def test_a_value_cannot_be_made_or_changed() -> None:
    [(tag, value)] = pairs(cookie_of(ADA))
    for position in range(0, len(value) - 1, 3):  # the last character has bits that say nothing
        letter = "B" if value[position] == "A" else "A"
        assert value_of(f"{tag}.{value[:position]}{letter}{value[position + 1 :]}", ADA) is None


def test_two_cookies_of_one_account_have_nothing_but_the_tag_in_common() -> None:
    (tag, value), (other_tag, other) = pairs(cookie_of(ADA)) + pairs(cookie_of(ADA))
    assert tag == other_tag and value != other


def test_what_is_stored_of_two_accounts_of_one_browser_is_not_in_the_cookie_and_cannot_be_linked() -> None:
    cookie = cookie_of(ADA, GRACE)
    stored = {digest for person in (ADA, GRACE) for digest in digests(cookie, person)}
    assert len(stored) == 2 and {len(digest) for digest in stored} == {64}
    raw = b"".join(urlsafe_b64decode(value + "==") for _tag, value in pairs(cookie)).hex()
    assert not [digest for digest in stored if digest in raw or digest in cookie]


def digests(cookie: str, person: int) -> list[str]:
    value = value_of(cookie, person)
    assert value is not None
    return series_digests(person, value.series)


def test_the_account_that_has_not_signed_in_for_longest_is_dropped_beyond_eight() -> None:
    cookie = cookie_of(*range(1, MOST + 1))
    assert all(value_of(cookie, person) for person in range(1, MOST + 1))
    cookie = with_value(cookie, 1, first_value())  # who signs in again is the last one
    cookie = with_value(cookie, 99, first_value())
    gone = [person for person in [*range(1, MOST + 1), 99] if value_of(cookie, person) is None]
    assert gone == [2] and len(pairs(cookie)) == MOST


def test_the_device_cookie_is_never_longer_than_half_a_kilobyte_and_needs_no_quotes() -> None:
    cookie = cookie_of(*range(20))
    assert len(cookie) <= 512
    jar: SimpleCookie = SimpleCookie()
    jar["device"] = cookie
    assert jar["device"].OutputString() == f"device={cookie}"


HOSTILE = {
    "nothing": "",
    "a single value of an earlier release": "x" * 43,
    "a megabyte": "A" * 1_000_000,
    "a megabyte of pairs": f"{cookie_of(ADA)}." * 16_000,
    "a hundred pairs": ".".join([cookie_of(ADA)] * 100),
    "nine pairs": ".".join([cookie_of(ADA)] * 9),
    "a pair too short": cookie_of(ADA)[:-1],
    "a pair too long": f"{cookie_of(ADA)}A",
    "a dot at the end": f"{cookie_of(ADA)}.",
    "a line at the end": f"{cookie_of(ADA)}\n",
    "letters beyond ASCII": f"{cookie_of(ADA)[:-1]}é",
    "a digit of another script": f"{cookie_of(ADA)[:-1]}٣",
    "a zero byte": f"{cookie_of(ADA)[:-1]}\x00",
    "another alphabet of base64": f"{cookie_of(ADA)[:-1]}+",
    "nothing but separators": "." * 500,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_this_site_has_not_made_is_no_cookie_and_leaves_nothing_behind(what: str) -> None:
    assert value_of(HOSTILE[what], ADA) is None
    assert len(pairs(with_value(HOSTILE[what], ADA, first_value()))) == 1


PIECES = st.sampled_from([cookie_of(GRACE), "A" * 8, "A" * 54, "x" * 43, ".", "~", "é", "\x00", "=="])


@given(st.text(max_size=80) | st.lists(PIECES, max_size=30).map(".".join))
def test_whatever_a_browser_sends_gives_no_error(sent: str) -> None:
    assert value_of(sent, ADA) is None
    value = first_value()
    cookie = with_value(sent, ADA, value)
    assert value_of(cookie, ADA) == value
    assert re.fullmatch(r"[A-Za-z0-9_.-]{63,512}", cookie)


def test_of_two_values_under_one_tag_the_last_counts_and_the_next_takes_the_place_of_both() -> None:
    one, other = cookie_of(ADA), cookie_of(ADA)
    twice = f"{one}.{other}"
    assert value_of(twice, ADA) == value_of(other, ADA)
    assert len(pairs(with_value(twice, ADA, first_value()))) == 1


def test_a_cookie_outlives_the_rotation_of_the_secret_key_and_moves_to_the_new_one(settings: Any) -> None:
    cookie = cookie_of(ADA, GRACE)
    value = value_of(cookie, ADA)
    assert value is not None
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 8, [former]
    assert value_of(cookie, ADA) == value
    assert len(series_digests(ADA, value.series)) == 2
    cookie = with_value(cookie, ADA, value)
    assert len(pairs(cookie)) == 2, "the one under the former secret is replaced"
    settings.SECRET_KEY_FALLBACKS = []
    assert value_of(cookie, ADA) == value
    assert value_of(cookie, GRACE) is None, "who has not signed in meanwhile is on a new device"


# the newest that was given out, the newest that came back; a value and its parent | good
RULES = [
    ("the first value, which nobody has brought yet", (1, 0), (1, 0), True),
    ("the newest value", (2, 1), (2, 1), True),
    ("the value before it, which was seen: the answer was lost", (2, 1), (1, 0), True),
    ("one of two that were given out for the same value", (3, 1), (2, 1), True),
    ("the other one of two, when the first was seen", (3, 2), (3, 1), False),
    ("the value before it, when the newest was seen", (2, 2), (1, 0), False),
    ("one of long ago", (9, 8), (3, 2), False),
    ("one that the database has forgotten", (6, 5), (9, 8), True),
]


@pytest.mark.parametrize(("name", "row", "value", "good"), RULES, ids=[rule[0] for rule in RULES])
def test_which_values_are_good(name: str, row: tuple[int, int], value: tuple[int, int], good: bool) -> None:
    device = Device(cookie_issued=row[0], cookie_seen=row[1])
    assert device.accepts(DeviceCookieValue(b"", *value)) is good
