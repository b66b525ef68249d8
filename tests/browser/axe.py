"""axe-core's judgement of a page. Its source is evaluated: the policy would refuse it as a script of the page."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Still experimental, so no tag has it along: what is read aloud has in it what is seen (WCAG 2.5.3).
RULES = {"label-content-name-mismatch": {"enabled": True}}
# In Django's own template of lists: the label is a picture with a text, which the rule overlooks.
DJANGOS = ("label-title-only: ['#searchbar']",)


@cache
def source() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """One line each: the rule and where it is broken."""
    page.wait_for_load_state()  # a page whose style sheet is still on its way has other barriers
    page.evaluate(source())
    found: list[dict[str, Any]] = page.evaluate(
        "options => axe.run(document, options).then(result => result.violations)",
        {"runOnly": {"type": "tag", "values": TAGS}, "rules": RULES, "resultTypes": ["violations"]},
    )
    lines = [
        f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]
    ]
    return [line for line in lines if not line.startswith(DJANGOS)]
