"""Tables for people, JSON for programs."""

from __future__ import annotations

import subprocess
import sys
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


def test_whoever_stops_reading_sees_no_error() -> None:
    """As `… | head -1` does, seen from a process of its own: Python complains once more when it ends."""
    program = (
        "from django.core.management.base import OutputWrapper; import sys; "
        "from sessions_ui.management.output import for_whoever_reads, write_json_lines; "
        "out = OutputWrapper(sys.stdout)\n"
        "with for_whoever_reads(out): write_json_lines(out, ({'n': n} for n in range(100_000)))"
    )
    writer = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert writer.stdout is not None and writer.stderr is not None
    assert writer.stdout.readline() == b'{"n": 0}\n'
    writer.stdout.close()
    assert (writer.stderr.read(), writer.wait()) == (b"", 0)
    writer.stderr.close()
