"""Finding tokens in whatever somebody pastes."""

from __future__ import annotations

from time import process_time
from urllib.parse import quote

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


def percent(text: str) -> str:
    return "".join(f"%{ord(each):02x}" for each in text)


HIDDEN = {
    "percent-encoded underscores": lambda value: value.replace("_", "%5F"),
    "percent-encoded altogether": percent,
    "percent-encoded twice": lambda value: quote(percent(value)),
    "split by a space": lambda value: f"{value[:30]} {value[30:]}",
    "split by line breaks": lambda value: "\r\n".join(value[at : at + 7] for at in range(0, len(value), 7)),
    "of two bytes each": lambda value: value.encode("utf-16-le").decode("latin-1"),
}


@pytest.mark.parametrize("hidden", HIDDEN)
def test_one_that_is_encoded_or_split_is_found_and_kept_by_nobody(hidden: str) -> None:
    for kind in TokenKind:
        value = new_value(kind)
        text = HIDDEN[hidden](value)
        assert list(tokens_in(text)) == [value]
        kept = without_tokens(f"https://example.org/?t={text}")
        assert "[access token]" in kept
        assert not any(value[at : at + 10] in kept for at in range(9, len(value) - 10)), kept
        assert kept.isprintable()


@pytest.mark.parametrize(
    "cut", [slice(None, -1), slice(1, None), slice(8, None), slice(8, 48), slice(None, 30)]
)
def test_a_part_of_one_is_kept_by_nobody(cut: slice) -> None:
    value = new_value(TokenKind.PERSONAL)
    kept = without_tokens(f"in line 3: {value[cut]}, at the end")
    assert kept.startswith("in line 3: ") and kept.endswith(", at the end")
    assert value[20:28] not in kept


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/a/blob/3f786850e387550fdab836ed7e6dc881de23001b/src/my_svc_settings.py#L3",
        "Donaudampfschifffahrtsgesellschaft, 100 %",
        "a gist of 2026-11-30",
    ],
)
def test_what_is_none_stays_readable(text: str) -> None:
    assert without_tokens(text) == text


@pytest.mark.parametrize("text", ["x", "sui_pat_", "_", "%", "%25", "a_svc_0"])
def test_a_long_text_takes_no_longer_than_its_length(text: str) -> None:
    begun = process_time()
    assert list(tokens_in(text * (200_000 // len(text)))) == []
    assert process_time() - begun < 5  # seconds; what looked for a prefix of any length took minutes
