"""Runs Django's own session tests on our engine, in a process of their own: they need other settings and apps."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import django
import pytest

from tests.upstream.differences import EXCEPTED, as_markdown

ROOT = Path(__file__).resolve().parents[2]
# They are part of Django's source package only; kept beside what is installed.
SOURCES = Path(sys.prefix) / "django-source"


@pytest.fixture(scope="module")
def django_tests() -> Path:
    """The folder `tests` of the source package of the Django that is installed."""
    version = django.get_version()
    folder = SOURCES / f"django-{version}" / "tests"
    if not folder.is_dir():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "django"]
        fetched = subprocess.run(
            [*command, "--dest", str(SOURCES), f"django=={version}"],
            capture_output=True,
            text=True,
            timeout=300,
        )
        if fetched.returncode:
            pytest.skip(f"the source package of Django {version} cannot be had: {fetched.stderr[-300:]}")
        with tarfile.open(SOURCES / f"django-{version}.tar.gz") as archive:
            members = [member for member in archive.getmembers() if "/tests/" in member.name]
            archive.extractall(SOURCES, members=members, filter="data")
    return folder


def test_djangos_own_tests_pass_on_our_engine(django_tests: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(django_tests)])}
    environment.pop("DJANGO_SETTINGS_MODULE")
    if "postgres" not in environment["DATABASE_URL"]:
        environment.pop("DATABASE_URL")
    command = [
        sys.executable,
        "-m",
        "django",
        "test",
        "--settings=tests.upstream.settings",
        "--noinput",
        "-v1",
    ]
    run = subprocess.run(
        [*command, "tests.upstream.suite"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    ran = int(re.search(r"Ran (\d+) tests", run.stderr)[1])
    excepted = sum(len(tests) for tests in EXCEPTED.values())
    assert ran >= 80, "Django's tests were found"
    assert f"expected failures={excepted}" in run.stderr


def test_the_differences_are_written_down() -> None:
    assert (ROOT / "docs" / "django-sessions.md").read_text() == as_markdown()
