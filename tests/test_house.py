"""docs/architecture.md, "Where to look": what it names is there."""

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
