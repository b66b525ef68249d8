"""Key rings: what was encrypted stays readable while keys are replaced, and for its purpose only."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui import KeyRing
from sessions_ui.encryption import decrypt, encrypt
from sessions_ui.exceptions import Undecipherable


def ring(*secrets: str | bytes, purpose: str = "tests") -> KeyRing:
    return KeyRing(lambda: secrets, purpose=purpose)


def test_what_is_encrypted_differs_each_time_and_holds_no_text() -> None:
    first, second = ring("a").encrypt("4711"), ring("a").encrypt("4711")
    assert first != second and "4711" not in first + second
    assert ring("a").decrypt(first) == ring("a").decrypt(second) == "4711"


def test_a_former_key_still_decrypts_and_a_key_that_is_gone_does_not() -> None:
    former = ring("old").encrypt("4711")
    assert ring("new", b"old").decrypt(former) == "4711"
    for left in (ring("new"), ring()):
        with pytest.raises(Undecipherable):
            left.decrypt(former)


def test_only_what_the_first_key_has_encrypted_is_current() -> None:
    former = ring("old").encrypt("4711")
    assert ring("old", "new").is_current(former)
    assert not ring("new", "old").is_current(former) and not ring().is_current(former)
    assert ring("new", "old").is_current(ring("new", "old").encrypt("4711"))


def test_the_same_keys_decrypt_nothing_of_another_purpose() -> None:
    with pytest.raises(Undecipherable):
        ring("a", purpose="another").decrypt(ring("a").encrypt("4711"))


def test_without_a_key_nothing_is_encrypted() -> None:
    with pytest.raises(ValueError, match="no key"):
        ring().encrypt("4711")


def test_secrets_of_the_site_follow_its_secret_key(settings: Any) -> None:
    encrypted = encrypt("4711")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the next one", [settings.SECRET_KEY]
    assert decrypt(encrypted) == "4711"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Undecipherable):
        decrypt(encrypted)
