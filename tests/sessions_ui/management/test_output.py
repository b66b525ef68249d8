"""Tables for people, JSON for programs."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management.base import OutputWrapper

from sessions_ui.management.output import text_of, write_fields, write_table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "-"),
        (0, "0"),
        (True, "yes"),
        (False, "no"),
        (["a", None], "a, -"),
        ({"city": "Zürich", "private": True}, "city Zürich, private yes"),
        ("a\tb\x00\x9b\u2028c", "a\ufffdb\ufffd\ufffd\ufffdc"),
    ],
)
def test_a_value_is_one_safe_line(value: Any, text: str) -> None:
    assert text_of(value) == text


def test_columns_are_aligned_as_a_terminal_shows_them() -> None:
    out = StringIO()
    write_table(OutputWrapper(out), ["name", "n"], [["電話", 1], ["e\u0301t\u0115", 22], ["longer", ""]])
    assert out.getvalue() == "name    n\n電話    1\ne\u0301t\u0115     22\nlonger  -\n"


def test_fields_that_say_nothing_are_left_out() -> None:
    out = StringIO()
    write_fields(OutputWrapper(out), [("user", "ada"), ("ended", None), ("address", ""), ("count", 0)], "  ")
    assert out.getvalue() == "  user:   ada\n  count:  0\n"
