"""What README, CHANGELOG and docs name is there: files, links, commands, and the rooms of the house."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import get_commands

from sessions_ui.management.commands.sessions import SUBCOMMANDS, Command

ROOT: Path = settings.BASE_DIR
APP = ROOT / "sessions_ui"
# CHANGELOG.md names what went, too.
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`((?:[\w-]+/)*[\w-]+\.(?:py|html|txt|js|css|toml))`")
LINK = re.compile(r"\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]+))?\)")
COMMAND = re.compile(r"manage\.py (\w+)")
# An operator's command in a block, which is typed as it stands, and in a sentence, where a part may be left out.
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
IN_BLOCK = re.compile(r"manage\.py (sessions .*)")
IN_SENTENCE = re.compile(r"^(?:python )?(?:manage\.py )?sessions (.+)")
PLACEHOLDERS = {"T": "2026-11-24T08:00:00+00:00"}
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


def as_typed(text: str) -> list[str]:
    """The words of a command, up to where the shell goes on with another."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    return [
        PLACEHOLDERS.get(word, word) for word in takewhile(lambda word: word[:1] not in tuple(";|&<>"), lexer)
    ]


def in_blocks(page: Path) -> list[list[str]]:
    lines = "\n".join(BLOCK.findall(page.read_text())).replace("\\\n", " ").splitlines()
    return [as_typed(found[1])[1:] for line in lines if (found := IN_BLOCK.search(line))]


def in_sentences(page: Path) -> Iterator[list[str]]:
    spans = re.findall(r"`([^`]+)`", FENCED.sub("", page.read_text()))
    for span in spans:
        found = IN_SENTENCE.match(" ".join(span.split()))
        if found and found[1] != "…":  # the command as such
            yield as_typed(found[1])


@pytest.fixture(scope="module")
def parser() -> Any:
    return Command().create_parser("manage.py", "sessions")


@pytest.fixture(scope="module")
def options(parser: Any) -> dict[str, set[str]]:
    """The options of each subcommand."""
    [subparsers] = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    return {name: {*each._option_string_actions} for name, each in subparsers.choices.items()}


def test_there_are_commands_to_look_at() -> None:
    """Else the two tests below say nothing."""
    assert sum(len(in_blocks(page)) for page in PAGES) > 20
    assert sum(len([*in_sentences(page)]) for page in PAGES) > 20
    assert {words[0] for page in PAGES for words in in_sentences(page)} >= {"list", "show", "end"}


@every_page
def test_a_command_on_sessions_can_be_typed_as_it_stands(page: Path, parser: Any) -> None:
    for words in in_blocks(page):
        parser.parse_args(words)  # raises CommandError, which says what is wrong


@every_page
def test_a_command_on_sessions_in_a_sentence_has_these_options(
    page: Path, options: dict[str, set[str]]
) -> None:
    for subcommand, *words in in_sentences(page):
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert given - options[subcommand] == set(), f"sessions {subcommand}"


def test_every_subcommand_is_described() -> None:
    table = (ROOT / "docs" / "commands.md").read_text().split("| subcommand | what it does |\n|---|---|\n")[1]
    assert set(re.findall(r"^\| `([\w-]+)`", table.split("\n\n")[0], re.MULTILINE)) == {*SUBCOMMANDS}


def test_the_house_has_these_rooms() -> None:
    """docs/architecture.md has a row for each floor; who looks for something starts there."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    table = page.split("| floor | what is there |\n|---|---|\n")[1].split("\n\n")[0]
    told = {name for row in table.splitlines() for name in re.findall(r"`([\w]+/?)`", row.split(" | ")[0])}
    not_code = {"locale/", "migrations/", "static/", "templates/"}
    folders = {f"{path.name}/" for path in APP.iterdir() if path.is_dir() and path.name[0] != "_"} - not_code
    modules = {path.stem for path in APP.glob("[a-z]*.py")}
    assert told == folders | modules
