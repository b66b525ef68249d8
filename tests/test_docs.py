"""What README, CHANGELOG and docs name is there: files, links, commands, and the rooms of the house."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

ROOT: Path = settings.BASE_DIR
APP = ROOT / "sessions_ui"
# CHANGELOG.md names what went, too.
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`((?:[\w-]+/)*[\w-]+\.(?:py|html|txt|js|css|toml))`")
LINK = re.compile(r"\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]+))?\)")
COMMAND = re.compile(r"manage\.py (\w+)")
# Of a project that reads this, not of this repository.
OF_A_HOST = {"asgi.py", "__init__.py", "settings.py", "urls.py", "base.html"}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def ends_so(name: str) -> bool:
    """Whether some file of ours has this path, said from the root or from a folder below it."""
    rooms = ("accounts", "config", "sessions_ui", "docs", "templates", "tests", "tools", "benchmarks")
    return (ROOT / name).exists() or any(True for room in rooms for _ in (ROOT / room).rglob(name))


@every_page
def test_files_that_are_named_are_there(page: Path) -> None:
    named = set(FILE.findall(FENCED.sub("", page.read_text()))) - OF_A_HOST
    assert [name for name in sorted(named) if not ends_so(name)] == []


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    wrong = []
    for path, anchor in LINK.findall(FENCED.sub("", page.read_text())):
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(f"{path}#{anchor}")
    assert wrong == []


@every_page
def test_commands_that_are_named_are_there(page: Path) -> None:
    assert set(COMMAND.findall(page.read_text())) <= get_commands().keys() | {"remove_stale_contenttypes"}


def test_the_house_has_these_rooms() -> None:
    """docs/architecture.md has a row for each floor; who looks for something starts there."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    table = page.split("| floor | what is there |\n|---|---|\n")[1].split("\n\n")[0]
    told = {name for row in table.splitlines() for name in re.findall(r"`([\w]+/?)`", row.split(" | ")[0])}
    not_code = {"locale/", "migrations/", "static/", "templates/"}
    folders = {f"{path.name}/" for path in APP.iterdir() if path.is_dir() and path.name[0] != "_"} - not_code
    modules = {path.stem for path in APP.glob("[a-z]*.py")}
    assert told == folders | modules
