"""Finding tokens in whatever somebody pastes."""

from __future__ import annotations

import pytest

from sessions_ui.token_value import TokenKind, new_value, tokens_in, without_tokens


@pytest.mark.parametrize("before", ["", " ", "\n", "\\n", "%3d", "token=", '"', "u003d", "x"])
@pytest.mark.parametrize("after", ["", " ", "\\n", '"', "&a=b", "."])
@pytest.mark.parametrize("kind", list(TokenKind))
def test_a_token_is_found_whatever_stands_around_it(before: str, after: str, kind: TokenKind) -> None:
    value = new_value(kind)
    assert list(tokens_in(f"{before}{value}{after}")) == [value]


def test_each_is_found_once() -> None:
    first, second = new_value(TokenKind.AGENT), new_value(TokenKind.SERVICE)
    assert list(tokens_in(f"{first} {second}\n{first}")) == [first, second]


def test_what_only_looks_like_one_is_none() -> None:
    value = new_value(TokenKind.PERSONAL)
    assert list(tokens_in(value[:-1] + ("a" if value[-1] != "a" else "b"))) == []


def test_a_text_without_them() -> None:
    value = new_value(TokenKind.PERSONAL)
    assert (
        without_tokens(f"https://example.org/?t={value}&x=1") == "https://example.org/?t=[access token]&x=1"
    )
