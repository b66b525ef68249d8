"""docs/settings.md is made from the code and must not fall behind it."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command

DOCS = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def test_the_reference_is_up_to_date() -> None:
    printed = StringIO()
    call_command("settings_reference", stdout=printed)
    assert DOCS.read_text() == printed.getvalue(), "run: manage.py settings_reference > docs/settings.md"
