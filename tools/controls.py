"""`python -m tools.controls` (`make controls`): the tables of docs/security.md, from a data file and markers on tests.

What a standard asks for, what is done about it and by which setting stands in tools/controls.toml. Which tests show it
does not: each test says so itself, `@pytest.mark.control("ASVS 7.4.2")`. The markers are read from the source of the
tests, so neither pytest nor a database is needed, and a test that is left out on some machine counts like any other.

`problems()` is what must be empty: tests/tools/test_controls.py looks.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.conf import global_settings

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tools" / "controls.toml"
TESTS = ROOT / "tests"
SETTINGS = ROOT / "docs" / "settings.md"
PAGE = ROOT / "docs" / "security.md"

MARKER = "pytest.mark.control"
HEAD = "| Id | It asks for | Met? | What is done | Setting | Shown by |\n|---|---|---|---|---|---|"
SUMMARY = "| Standard | Rows | Met | In part | The host's | Not met |\n|---|---:|---:|---:|---:|---:|"


class Status(StrEnum):
    MET = "met"
    IN_PART = "in part"
    HOST = "the host's"
    NOT_MET = "not met"


@dataclass(frozen=True, slots=True)
class MarkedTest:
    """A test function, by its file (from the root of the repository) and its name (with its class)."""

    file: str
    name: str


@dataclass(frozen=True, slots=True)
class Control:
    """One row: what a standard asks for, and what is done about it.

    `like` names other rows whose tests show this one as well. `read` says where the text was read, where that was not
    the standard itself or a copy of it.
    """

    id: str
    gist: str
    does: str
    settings: tuple[str, ...] = ()
    status: Status = Status.MET
    like: tuple[str, ...] = ()
    read: str = ""


@dataclass(frozen=True, slots=True)
class Standard:
    """A table. `all_met` is how many rows it must have where every one of them has to be met by tests of its own."""

    key: str
    name: str
    controls: tuple[Control, ...] = field(default=())
    all_met: int | None = None


Shown = Mapping[str, list[MarkedTest]]


def standards(text: str) -> list[Standard]:
    """Return the tables of the data file. Raises `TypeError` for a key that no row has."""
    return [
        Standard(key=key, controls=tuple(control(row) for row in table.pop("control")), **table)
        for key, table in tomllib.loads(text).items()
    ]


def control(row: dict[str, Any]) -> Control:
    settings, like = (tuple(row.pop(name, ())) for name in ("settings", "like"))
    return Control(status=Status(row.pop("status", Status.MET)), settings=settings, like=like, **row)


# --- The markers


def marked(folder: Path = TESTS, root: Path = ROOT) -> Shown:
    """Return the tests that are marked for each control, in the order of their files and lines."""
    found: dict[str, list[MarkedTest]] = defaultdict(list)
    for file in sorted(folder.rglob("test_*.py")):
        for name, ids in markers(file.read_text(encoding="utf-8")):
            for control_id in ids:
                found[control_id].append(MarkedTest(str(file.relative_to(root)), name))
    return found


def markers(source: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each marked function with the ids of its markers. Raises `ValueError` for a marker that shows nothing: on
    what is no test, on a whole class or module, or with anything but texts in it."""
    tree = ast.parse(source)
    count = 0
    for owner, function in functions(tree):
        if calls := [call for call in function.decorator_list if is_marker(call)]:
            if not function.name.startswith("test_"):
                raise ValueError(f"{function.name} is marked and no test")
            count += len(calls)
            yield f"{owner}{function.name}", [text for call in calls for text in texts(call)]
    if count != sum(is_marker(node) for node in ast.walk(tree)):
        raise ValueError("only a test is marked, not a class, a module or a parameter")


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield the functions of a module and the methods of its classes, with "Class." before them."""
    for node in tree.body:
        inside = [(f"{node.name}.", child) for child in node.body] if isinstance(node, ast.ClassDef) else []
        for owner, child in [("", node), *inside]:
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield owner, child


def is_marker(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == MARKER


def texts(call: ast.expr) -> list[str]:
    assert isinstance(call, ast.Call)
    found = [
        argument.value
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    if not found or len(found) != len(call.args) or call.keywords:
        raise ValueError(f"{ast.unparse(call)} names no controls")
    return found


# --- The settings


def documented_settings(page: str) -> dict[str, str]:
    """Return each setting of docs/settings.md with the anchor of its section."""
    found, anchor = {}, ""
    for line in page.splitlines():
        if line.startswith("## "):
            anchor = re.sub(r"[^\w\- ]", "", line[3:].lower()).replace(" ", "-")
        elif row := re.match(r"\| `(\w+)` \|", line):
            found[row[1]] = anchor
    return found


def is_djangos(setting: str) -> bool:
    return hasattr(global_settings, setting)


# --- What must not be


def problems(tables: list[Standard], shown: Shown, settings: Mapping[str, str]) -> list[str]:
    """Return what makes the page untrue, a sentence each."""
    rows = [row for table in tables for row in table.controls]
    ids = [row.id for row in rows]
    known = set(ids)
    return [
        *(f"{name} stands in two rows" for name in sorted(known) if ids.count(name) > 1),
        *(f"{shown[name][0].name} is marked for {name}, which is no row" for name in shown if name not in known),
        *(f"{row.id} names {name}, which is no setting" for row in rows for name in unknown(row, settings)),
        *(f"{row.id} is like {name}, which no test shows" for row in rows for name in row.like if not shown.get(name)),
        *(f"{row.id} is met, and no test shows it" for row in rows if is_unshown(row, shown)),
        *(what for table in tables for what in lacking(table, shown)),
    ]  # fmt: skip


def unknown(row: Control, settings: Mapping[str, str]) -> list[str]:
    return [name for name in row.settings if name not in settings and not is_djangos(name)]


def is_unshown(row: Control, shown: Shown) -> bool:
    return row.status is Status.MET and not shown.get(row.id) and not row.like


def lacking(table: Standard, shown: Shown) -> Iterator[str]:
    """Yield what a table lacks of which every row has to be met, each by a test of its own."""
    if table.all_met is None:
        return
    if len(table.controls) != table.all_met:
        yield f"{table.name} has {table.all_met} rows, not {len(table.controls)}"
    for row in table.controls:
        if row.status is not Status.MET or not shown.get(row.id):
            yield f"{row.id} must be met, with a test of its own"


# --- The page


def as_table(table: Standard, shown: Shown, settings: Mapping[str, str]) -> str:
    return "\n".join([HEAD, *(as_row(row, shown, settings) for row in table.controls)])


def as_row(row: Control, shown: Shown, settings: Mapping[str, str]) -> str:
    gist = f"{row.gist} ({row.read})" if row.read else row.gist
    links = ", ".join(setting_link(name, settings) for name in row.settings)
    cells = [row.id, gist, row.status, row.does, links, shown_by(row, shown)]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def setting_link(name: str, settings: Mapping[str, str]) -> str:
    return f"[`{name}`](settings.md#{settings[name]})" if name in settings else f"`{name}` (Django's)"


def shown_by(row: Control, shown: Shown) -> str:
    """Return the tests of a row, file by file, and after them the rows whose tests are this row's as well."""
    files: dict[str, list[str]] = defaultdict(list)
    for test in shown.get(row.id, []):
        files[test.file].append(test.name)
    own = [
        f"[{file.removeprefix('tests/')}](../{file}): {', '.join(f'`{name}`' for name in names)}"
        for file, names in files.items()
    ]
    return "; ".join([*own, *([f"as {', '.join(row.like)}"] if row.like else [])])


def as_summary(tables: list[Standard]) -> str:
    lines = [SUMMARY]
    for table in tables:
        counts = [sum(row.status is status for row in table.controls) for status in Status]
        lines.append(f"| {table.name} | {len(table.controls)} | {' | '.join(map(str, counts))} |")
    return "\n".join(lines)


def written(page: str, tables: list[Standard], shown: Shown, settings: Mapping[str, str]) -> str:
    """Return the page with every table made anew. Raises `ValueError` where the page has no place for one."""
    page = between(page, "summary", as_summary(tables))
    for table in tables:
        page = between(page, table.key, as_table(table, shown, settings))
    return page


def between(page: str, key: str, text: str) -> str:
    begin, end = f"<!-- make controls: {key} -->", f"<!-- end of make controls: {key} -->"
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"{PAGE.name} has no place for {key}: {begin} … {end}")
    before, rest = page.split(begin)
    return f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}"


def main() -> None:
    tables = standards(DATA.read_text(encoding="utf-8"))
    shown, settings = marked(), documented_settings(SETTINGS.read_text(encoding="utf-8"))
    if wrong := problems(tables, shown, settings):
        sys.exit("\n".join(wrong))
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(written(page, tables, shown, settings), encoding="utf-8")


if __name__ == "__main__":
    main()
