"""The wheel of the app in fresh virtual environments. Needs the package registry: skipped, and said so, without.

Under xdist the workers share one wheel; each Django has one environment, since environments cost most.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dropin.project import ROOT, make_environment, pip
from tests.dropin.pythons import python_for


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "dropin"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(folder.glob("*.whl")):
            need_registry(folder)
            pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


def need_registry(folder: Path) -> None:
    """Is there one at all? Small packages, one for building and one for running."""
    patience = ["--retries", "0", "--timeout", "10"]
    try:
        pip("download", "--no-deps", *patience, "-d", folder / "probe", "hatchling", "django-htmx")
    except AssertionError as error:
        pytest.skip(f"the package registry cannot be reached: {str(error).strip().splitlines()[-1]}")


@pytest.fixture
def install(wheel: Path, tmp_path: Path) -> Callable[..., Path]:
    """`install("5.2")`: the interpreter of an environment that has this Django, the wheel and what it needs, and a
    server for ASGI. `install("5.2", "celery")`: that, too, in the same one."""
    folder = tmp_path / "environment"

    def install(django: str, *more: str) -> Path:
        if not folder.exists():
            make_environment(folder, python_for(django))
            more = (str(wheel), f"django=={django}.*", "uvicorn", *more)
        pip("install", *more, interpreter=folder / "bin" / "python")
        pip("check", interpreter=folder / "bin" / "python")
        return folder / "bin" / "python"

    return install
