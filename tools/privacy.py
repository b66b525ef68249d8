"""`python -m tools.privacy` (`make privacy`): the tables of docs/privacy.md, from the inventory and docs/production.md.

What each column is and why it is there stands in the code (`sessions_ui/actions/privacy/inventory/`), since the
export and the erasure go by it; how long each table is kept in docs/production.md. `--check` writes nothing, and fails
where a column is in no table of the inventory or the page is not up to date.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from sessions_ui.actions.privacy.inventory import Columns, Table

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "privacy.md"
KEPT = ROOT / "docs" / "production.md"
BEGIN, END = "<!-- make privacy: begin -->", "<!-- make privacy: end -->"


def kept_for(page: str) -> dict[str, str]:
    """Return how long each table is kept, by its name in the database, as docs/production.md says."""
    section = page.split("## What is kept how long", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|$", section, re.MULTILINE)
    return {name: kept.strip() for name, kept in rows}


def as_text(kept: Mapping[str, str]) -> str:
    """Return a heading, a sentence on the whole and a table of the columns for each model."""
    from sessions_ui.actions.privacy.inventory import INVENTORY

    return "\n\n".join(section(table, kept[table.rows._meta.db_table]) for table in INVENTORY)


def section(table: Table, kept: str) -> str:
    return "\n".join(
        [
            f"### `{table.rows._meta.db_table}`",
            "",
            f"{table.why[0].upper()}{table.why[1:]}. Kept: {kept}. When somebody is erased: {table.erased}.",
            "",
            "| columns | what it is | why | in the export |",
            "|---|---|---|---|",
            *(row(table, columns) for columns in table.columns),
        ]
    )


def row(table: Table, columns: Columns) -> str:
    names = ", ".join(f"`{name}`" for name in columns.names.split())
    return f"| {names} | {columns.data} | {columns.why} | {exported(table, columns)} |"


def exported(table: Table, columns: Columns) -> str:
    """Return in whose export the columns are."""
    if not table.is_exported or columns.data == "secret":
        return "no"
    return "that of staff" if columns.data == "text by staff" else "yes"


def written(page: str, text: str) -> str:
    """Return the page with the tables made anew. Raises `ValueError` where it has no place for them."""
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"{PAGE.name} has no place for the tables: {BEGIN} … {END}")
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}"


def main(arguments: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("SECRET_KEY", "of no site")
    django.setup()
    from sessions_ui.actions.privacy.inventory import problems

    if wrong := problems():
        sys.exit("\n".join(wrong))
    page = PAGE.read_text(encoding="utf-8")
    made = written(page, as_text(kept_for(KEPT.read_text(encoding="utf-8"))))
    if "--check" not in arguments:
        PAGE.write_text(made, encoding="utf-8")
    elif made != page:
        sys.exit("docs/privacy.md is not up to date: make privacy")


if __name__ == "__main__":
    main(sys.argv[1:])
