"""Which of the supported Djangos can be tried on this machine, each on a Python that it runs on.

python -m tests.dropin.pythons      says so, and what is left out
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON_OF_DJANGO_6 = (3, 12)


def supported() -> list[str]:
    """The Djangos that pyproject.toml names: "5.2", …"""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.fullmatch(r"Framework :: Django :: (\d+\.\d+)", line) for line in project["classifiers"]]
    return [name[1] for name in names if name]


@cache
def python_for(django: str) -> str | None:
    """An interpreter that it runs on: the tests' own, else one of this machine; None where there is none."""
    needed = PYTHON_OF_DJANGO_6 if int(django.partition(".")[0]) >= 6 else (3, 11)
    names = [f"python3.{minor}" for minor in range(11, 16)]
    candidates = [sys.executable, *(path for name in names if (path := shutil.which(name)))]
    candidates += map(str, sorted((Path.home() / ".pyenv" / "versions").glob("3.*/bin/python3")))
    return next((path for path in candidates if version_of(path) >= needed), None)


@cache
def version_of(python: str) -> tuple[int, ...]:
    """(0,) where it cannot make virtual environments, or does not run: a shim of pyenv for a version that is not in
    use, say."""
    program = "import sys, venv; print(*sys.version_info[:2])"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)
    return tuple(map(int, done.stdout.split())) if done.returncode == 0 else (0,)


def left_out() -> list[str]:
    return [django for django in supported() if python_for(django) is None]


def main() -> None:
    for django in supported():
        print(f"Django {django}: {python_for(django) or 'LEFT OUT, no Python here that it runs on'}")


if __name__ == "__main__":
    main()
