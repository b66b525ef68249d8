"""Modules of the app need each other in one direction, also inside a room, where the layers of `pyproject.toml` end."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import sessions_ui

APP = Path(sessions_ui.__file__).parent
MODULES = {path: path.relative_to(APP.parent).with_suffix("") for path in APP.rglob("*.py")}
NAMES = {".".join(parts.parts).removesuffix(".__init__"): path for path, parts in MODULES.items()}


def at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """What runs when a module is imported: nothing inside of functions."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With | ast.ClassDef):
            yield from at_import(
                [node for node in ast.iter_child_nodes(statement) if isinstance(node, ast.stmt)]
            )


def needed_by(source: str, names: set[str]) -> set[str]:
    """Modules among `names` that `source` imports at its module level, also those for type checkers only: who names
    the type of another module needs it to be understood."""
    needed: set[str] = set()
    for statement in at_import(ast.parse(source).body):
        if isinstance(statement, ast.Import):
            needed |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            below = {f"{statement.module}.{alias.name}" for alias in statement.names}
            needed |= below & names or {statement.module}
    return needed & names


def circle(graph: dict[str, set[str]]) -> list[str]:
    """One circle, from its first module back to it; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_of_the_app_needs_itself_by_way_of_others() -> None:
    names = set(NAMES)
    graph = {name: needed_by(path.read_text(), names) - {name} for name, path in NAMES.items()}
    assert len(graph["sessions_ui.web.urls"]) > 10
    assert circle(graph) == []


@pytest.mark.parametrize(
    "source",
    [
        "import a.c",
        "from a import c",
        "from a.c import thing",
        "if TYPE_CHECKING:\n    from a.c import Thing",
        "try:\n    from a.c import thing\nexcept ImportError:\n    pass",
    ],
)
def test_a_circle_of_two_modules_is_seen_however_they_are_imported(source: str) -> None:
    names = {"a", "a.b", "a.c", "a.d"}
    graph = {"a.b": needed_by(source, names), "a.c": needed_by("from a.b import x", names), "a.d": set()}
    assert sorted(set(circle(graph))) == ["a.b", "a.c"]


def test_an_import_inside_a_function_closes_no_circle() -> None:
    assert needed_by("def f():\n    from a.c import thing", {"a.b", "a.c"}) == set()
