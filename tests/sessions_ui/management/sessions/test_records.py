"""The names of the records: docs/commands.md promises that they stay."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings

from tests.operators import sessions


def names_in(section: str) -> set[str]:
    page = (settings.BASE_DIR / "docs" / "commands.md").read_text()
    table = page.split(f"## {section}\n")[1].split("\n## ")[0].split("|---|---|\n")[1].split("\n\n")[0]
    firsts = (row.split(" | ")[0] for row in table.splitlines())
    return {name for first in firsts for name in re.findall(r"`(\w+)`", first)}


@pytest.mark.django_db
def test_the_page_has_each_name(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    [record] = sessions("list", "--json", "--user", user.email).records
    document = sessions("show", record["session"], "--json").json
    assert {*record} == names_in("List")
    assert {*document} - {*record} == names_in("Show")
