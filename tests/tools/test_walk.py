"""What `tools.walk` counts; the figures themselves are nobody's promise."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any

import pytest

from tools.walk import Walk

A = """
def start():
    there()
    there()
    return [here() for _ in range(3)]
def here():
    return add(one for one in steps())
"""
B = """
from dataclasses import dataclass
@dataclass
class Made:
    n: int
def there():
    return Made(back())
def steps():
    yield back()
    yield back()
"""
C = """
def back():
    return 1
def add(ones):
    return sum(ones)
"""


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Three modules of the app that call each other."""
    a, b, c = (ModuleType(f"sessions_ui.{name}") for name in "abc")
    for source, module in ((A, a), (B, b), (C, c)):
        monkeypatch.setitem(sys.modules, module.__name__, module)  # dataclasses look there
        exec(compile(source, f"{module.__name__}.py", "exec"), vars(module))
    vars(a).update(there=vars(b)["there"], steps=vars(b)["steps"], add=vars(c)["add"])
    vars(b).update(back=vars(c)["back"])
    return vars(a)["start"]


def walked(act: Callable[[], Any]) -> Walk:
    walk = Walk()
    sys.setprofile(walk.note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return walk


def names(walk: Walk) -> str:
    return "".join(module[-1] for module in walk.entered)


def test_a_module_counts_again_when_it_is_entered_again(start: Callable[[], Any]) -> None:
    walk = walked(start)
    assert names(walk) == "a" + "bc" * 2 + "acbc" * 3
    assert (walk.modules, walk.returns) == (3, 14)


def test_a_function_that_was_read_is_not_read_again(start: Callable[[], Any]) -> None:
    walk = walked(start).once()
    assert names(walk) == "abcacb"
    assert (walk.modules, walk.returns) == (3, 3)


def test_other_packages_are_no_part_of_the_walk() -> None:
    other: dict[str, Any] = {"__name__": "sessions_uix.a"}
    exec(compile("def act(): return 1", "a.py", "exec"), other)
    assert walked(other["act"]).calls == []


def test_calls_of_one_module_in_a_row_are_one_entry() -> None:
    code: CodeType = compile("", "x", "exec")
    assert Walk([("a", code), ("a", code), ("b", code)]).entered == ["a", "b"]
