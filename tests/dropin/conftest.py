"""The wheel of the app in a fresh virtual environment. Needs the package registry: skipped, and said so, without."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dropin.project import ROOT, Project, environment, make_environment

PIP = ["-m", "pip", "--disable-pip-version-check", "--quiet"]


def pip(python: str | Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, *PIP, *arguments], text=True, capture_output=True, env=environment())


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the wheel and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("dropin")
    # Is there a registry at all? Small packages, one for building and one for running.
    small = ("hatchling", "django-htmx")
    probe = pip(
        sys.executable,
        "download",
        "--no-deps",
        "--retries",
        "0",
        "--timeout",
        "10",
        "-d",
        folder / "probe",
        *small,
    )
    if probe.returncode:
        pytest.skip(f"the package registry cannot be reached: {probe.stderr.strip().splitlines()[-1]}")
    built = pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", folder / "wheel", ROOT)
    assert built.returncode == 0, built.stderr
    interpreter = make_environment(folder / "environment")
    # The tests' own pip works there: putting one into each new environment takes as long as all the rest.
    installed = pip(sys.executable, "--python", interpreter, "install", *(folder / "wheel").glob("*.whl"))
    assert installed.returncode == 0, installed.stderr
    checked = pip(sys.executable, "--python", interpreter, "check")
    assert checked.returncode == 0, checked.stdout
    return interpreter


@pytest.fixture(scope="module")
def project(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    return Project(tmp_path_factory.mktemp("host") / "project", python)
