"""docs/privacy.md says of every column what it is for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

from tools.privacy import BEGIN, END, KEPT, PAGE, ROOT, as_text, kept_for, written

MODELS = [model for model in apps.get_app_config("sessions_ui").get_models() if not model._meta.proxy]


def made() -> str:
    return as_text(kept_for(KEPT.read_text()))


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text()
    assert page == written(page, made()), "run: make privacy"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_column_is_on_the_page(model: type) -> None:
    section = PAGE.read_text().split(f"### `{model._meta.db_table}`\n")[1].split("\n### ")[0]  # type: ignore[attr-defined]
    for field in model._meta.concrete_fields:  # type: ignore[attr-defined]
        assert f"`{field.name}`" in section, field.name


def test_it_says_how_long_each_table_is_kept() -> None:
    kept = kept_for(KEPT.read_text())
    assert set(kept) == {model._meta.db_table for model in MODELS}
    assert kept["sessions_ui_providersignout"] == "two days"
    assert "Kept: two days." in made()


def test_a_page_without_a_place_for_the_tables_is_refused() -> None:
    assert written(f"a\n{BEGIN}\nold\n{END}\nb", "new") == f"a\n{BEGIN}\nnew\n{END}\nb"
    for page in ("nothing", f"{BEGIN} {BEGIN} {END}"):
        with pytest.raises(ValueError, match=r"privacy\.md has no place"):
            written(page, "new")


def test_the_command_checks_without_writing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.privacy", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
