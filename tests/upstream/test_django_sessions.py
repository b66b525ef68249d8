"""Runs Django's own session tests on our engine, in a process of their own: they need other settings and apps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import django
import pytest

from tests.upstream.differences import as_markdown, expected_failures
from tests.upstream.source import NotAvailable, django_tests

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def report(tmp_path: Path) -> dict[str, Any]:
    """What became of each test. For one test only: xdist would have two of them use the same test database."""
    try:
        source = django_tests()
    except NotAvailable as error:
        pytest.skip(str(error))
    path = tmp_path / "report.json"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.upstream.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(source)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "UPSTREAM_REPORT": str(path),
    }
    run = subprocess.run(
        [sys.executable, "-m", "django", "test", "--noinput", "tests.upstream.suite"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert path.is_file(), run.stderr
    return json.loads(path.read_text())


@pytest.mark.registry
def test_exactly_the_differences_fail_of_djangos_own_tests(report: dict[str, Any]) -> None:
    """A difference that is none any more, or a name that Django does not have, is an error too."""
    failed, expected = report["failed"], expected_failures(django.VERSION)
    unexpected, missing = sorted(failed.keys() - expected), sorted(expected - failed.keys())
    assert not unexpected, "\n\n".join(f"{name}\n{failed[name]}" for name in unexpected)
    assert not missing, f"these pass, or Django has no such test: {missing}"
    assert report["ran"] >= 750, "Django's tests were found"
    assert not [name for name in report["skipped"] if "session" in name.lower()]


def test_the_differences_are_written_down() -> None:
    assert (ROOT / "docs" / "django-sessions.md").read_text().startswith(as_markdown())
