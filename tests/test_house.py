"""docs/architecture.md: what "Where to look" names is there, and a room holds no more than one can look over."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def test_the_modules_that_answer_the_ten_questions_are_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split("**Where to look**", 1)[1].split("\n\n", 2)[1]
    rows = [line for line in table.splitlines() if line.endswith(" |")][1:]
    named = [re.findall(r"`([\w/.]+)`", row) for row in rows]
    assert len(rows) == 10 and all(named)
    assert [path for paths in named for path in paths if not (ROOT / "sessions_ui" / path).exists()] == []


# A file for each of one kind of thing: a model, a section of the settings, a way of reading a header; and at the top a
# floor of its own each.
MAY_BE_LARGER = {"models", "conf", "client", "."}


def test_no_room_holds_many_more_than_a_dozen_modules() -> None:
    app = ROOT / "sessions_ui"
    crowded = {}
    for room in [app, *(path.parent for path in app.rglob("__init__.py"))]:
        modules = [path.name for path in room.glob("*.py") if path.name != "__init__.py"]
        name = str(room.relative_to(app))
        if name not in MAY_BE_LARGER and len(modules) > 16:
            crowded[name] = len(modules)
    assert crowded == {}
