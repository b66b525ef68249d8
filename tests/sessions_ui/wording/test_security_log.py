"""Each kind of event has its place in the security log, or a reason why it is not told."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from sessions_ui.wording.security_log import GROUPS, UNTOLD, Group, log_text
from tests.models import Event

OWNER: Any = SimpleNamespace(pk=1)


def test_every_kind_is_in_one_group_or_left_out_for_a_reason() -> None:
    places = Counter([kind for kinds in GROUPS.values() for kind in kinds] + list(UNTOLD))
    assert set(places) == set(Event.Kind)
    assert {kind for kind, count in places.items() if count > 1} == set()
    assert all(UNTOLD.values())


@pytest.mark.parametrize("group", Group)
def test_every_group_has_a_name_and_kinds(group: Group) -> None:
    assert group.label and GROUPS[group]


@pytest.mark.parametrize("kind", [kind for kinds in GROUPS.values() for kind in kinds])
def test_every_kind_that_is_told_is_a_phrase_of_its_own(kind: str) -> None:
    with translation.override("en"):
        text = log_text(Event(kind=kind, actor_id=1, reason="signed_out", data={}), OWNER)
    assert text[:1].isupper() and not text.endswith((" ", "."))


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("password+totp", "Signed in with a password and an authenticator code"),
        ("passkey", "Signed in with a passkey"),
        ("", "Signed in"),
    ],
)
def test_a_sign_in_says_how(method: str, expected: str) -> None:
    assert log_text(Event(kind="signed_in", actor_id=1, data={"method": method}), OWNER) == expected
