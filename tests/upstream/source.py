"""Django's own tests: they are part of its source package only, so that has to be fetched."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import django

# Kept between runs beside the Django that they belong to, and gone with it.
SOURCES = Path(os.environ.get("DJANGO_SOURCES") or Path(sys.prefix) / "django-source")


class NotAvailable(Exception):
    pass


def django_tests() -> Path:
    """The folder `tests` of the source package of the Django that is installed."""
    version = django.get_version()
    folder = SOURCES / f"django-{version}" / "tests"
    if not folder.is_dir():
        SOURCES.mkdir(parents=True, exist_ok=True)
        # Runs side by side may both fetch it: each in a folder of its own, and the first one is kept.
        with tempfile.TemporaryDirectory(dir=SOURCES, prefix=".fetching-") as scratch:
            unpacked = _unpack(_fetch(version, Path(scratch)), Path(scratch) / "unpacked")
            try:
                unpacked.rename(folder.parent)
            except OSError:
                if not folder.is_dir():
                    raise
    return folder


def _fetch(version: str, to: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "django"]
    try:
        fetched = subprocess.run(
            [*command, "--disable-pip-version-check", "--dest", str(to), f"django=={version}"],
            capture_output=True,
            text=True,
            timeout=300,
        )
    except subprocess.TimeoutExpired as error:
        raise NotAvailable(f"pip is still fetching Django {version} after {error.timeout} s") from error
    archives = list(to.glob("*.tar.gz"))
    if fetched.returncode or not archives:
        reason = (fetched.stderr.strip().splitlines() or ["pip does not say why"])[-1]
        raise NotAvailable(f"the source package of Django {version} cannot be had: {reason}")
    return archives[0]


def _unpack(archive: Path, to: Path) -> Path:
    """Its tests only. The package's folder."""
    with tarfile.open(archive) as opened:
        members = [member for member in opened.getmembers() if Path(member.name).parts[1:2] == ("tests",)]
        opened.extractall(to, members=members, filter="data")
    return next(to.iterdir())
