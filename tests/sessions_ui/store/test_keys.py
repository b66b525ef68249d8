"""Keys of sessions: made by the server, unique, and not to be guessed."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from django.contrib.sessions.backends.base import VALID_KEY_CHARS

from sessions_ui.store import SessionStore

KEYS = 2_000


def keys(number: int = KEYS) -> list[str]:
    return [SessionStore.new_key() for _ in range(number)]


@pytest.mark.control("ASVS 7.2.3", "SP 800-53 SC-23(3)")
def test_a_key_has_more_than_128_random_bits_and_none_comes_twice() -> None:
    made = keys()
    assert len(set(made)) == KEYS
    letters = set(VALID_KEY_CHARS)
    for place in range(len(made[0])):
        assert {key[place] for key in made} == letters, "every letter in every place"
    assert len(made[0]) * math.log2(len(letters)) > 128


@pytest.mark.control("ASVS 7.2.3")
def test_a_key_does_not_come_from_the_generator_that_can_be_foretold() -> None:
    """`random` gives the same again for the same seed; the system's generator takes none."""
    random.seed(7)
    first = keys(10)
    random.seed(7)
    assert not set(first) & set(keys(10))


@pytest.mark.control("ASVS 7.2.2")
@pytest.mark.django_db
def test_each_sign_in_has_a_key_of_its_own_and_no_account_keeps_one(user: Any, browser: Any) -> None:
    seen = set()
    for _ in range(3):
        client = browser()
        client.sign_in(user)
        seen.add(client.cookies["sessionid"].value)
        client.post("/account/logout/")
    assert len(seen) == 3
