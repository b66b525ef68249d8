"""docs/tokens.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sessions_ui.models.end_reason import ENDS_TOKENS
from sessions_ui.token_value import TokenKind, is_well_formed, new_value
from tests.models import EndReason

DOCS = Path(__file__).resolve().parents[4] / "docs" / "tokens.md"
TEXT = DOCS.read_text()
# What ends one session or token, never all of an account's; or refuses sign-ins only.
NOT_OF_ACCOUNTS = {
    EndReason.SIGNED_OUT,
    EndReason.SIGNED_OUT_REMOTELY,
    EndReason.SUPERSEDED,
    EndReason.IDLE_TIMEOUT,
    EndReason.ABSOLUTE_TIMEOUT,
    EndReason.EXPIRED,
    EndReason.SESSION_LIMIT,
    EndReason.OWNER_ENDED,
    EndReason.PASSWORD_REQUIRED,
    EndReason.RECOVERING,
    EndReason.SERVICE_ACCOUNT,
    EndReason.LEAKED,
    EndReason.API,
}


def test_the_table_of_what_ends_tokens_is_that_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]+\| (end|stay)\b", TEXT, re.MULTILINE))
    assert {reason for reason, fate in rows.items() if fate == "end"} == {str(each) for each in ENDS_TOKENS}
    assert {*rows} == {str(each) for each in {*EndReason} - NOT_OF_ACCOUNTS}


@pytest.mark.parametrize("kind", list(TokenKind))
def test_the_pattern_for_scanners_finds_every_token(kind: TokenKind) -> None:
    [pattern] = re.findall(r"```text\n(.+)\n```", TEXT)
    assert re.fullmatch(pattern, new_value(kind))


def test_the_checksum_of_the_docs_is_that_of_the_code() -> None:
    [code] = re.findall(r"```python\n((?:(?!```).)+?def has_right_checksum.+?)```", TEXT, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    check = names["has_right_checksum"]
    assert callable(check)
    value = new_value(TokenKind.PERSONAL)
    wrong = value[:-1] + ("a" if value[-1] != "a" else "b")
    assert [check(value), check(wrong)] == [is_well_formed(value), is_well_formed(wrong)] == [True, False]
