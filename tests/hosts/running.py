"""Runs a suite in an environment of the hosts' own: sdist, settings, results by test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from tests.dropin.project import ROOT, environment, make_environment, pip, readme_blocks
from tests.hosts.suites import Suite

LOCK = ROOT / "config" / "requirements" / "hosts.txt"
HERE = Path(__file__).resolve().parent
INSIDE = HERE / "inside"
PROJECTS = HERE / "projects"
MANAGE = "import sys, readme_plugin; from django.core import management; management.execute_from_command_line(sys.argv)"
RUNNER = "xmlrunner.extra.djangotestrunner.XMLTestRunner"


class Results(NamedTuple):
    """Tests by "class.name"; `failed` are those that did not pass, with what they said."""

    passed: frozenset[str]
    failed: dict[str, str]
    said: str


class Hosts:
    """One environment for all suites, and a folder in which their sdists lie.

    `folder` is empty or has what an earlier one left there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "environment" / "bin" / "python"

    def install(self) -> None:
        """Raises AssertionError where the package registry cannot be reached."""
        if self.python.exists():
            shutil.rmtree(self.folder / "wheel")
        else:
            make_environment(self.folder / "environment")
        pip("install", "--require-hashes", "--no-deps", "-r", LOCK, interpreter=self.python)
        pip("wheel", "--no-deps", "--wheel-dir", self.folder / "wheel", ROOT)
        pip(
            "install",
            "--no-deps",
            "--force-reinstall",
            *(self.folder / "wheel").glob("*.whl"),
            interpreter=self.python,
        )

    def run(self, suite: Suite, *, with_the_app: bool) -> Results:
        root = self._source(suite)
        way = "with" if with_the_app else "without"
        report = self.folder / f"{re.sub(r'[^a-z-]+', '-', suite.name)}.{way}.xml"
        readme = self.folder / "readme_settings.py"
        blocks = readme_blocks()
        readme.write_text(blocks["settings.py"] + blocks["settings.py, without Celery"])
        paths = [*(root / path for path in suite.paths), INSIDE]
        report.unlink(missing_ok=True)
        done = subprocess.run(
            self._command(suite, report),
            cwd=root,
            env={
                **environment(),
                "PYTHONPATH": ":".join(map(str, paths)),
                "README_SETTINGS": str(readme) if with_the_app else "",
                "HOSTS_REPORT": str(report),
                "HOSTS_DATABASE_URL": os.environ.get("DATABASE_URL", ""),
                "PYTEST_ADDOPTS": "",
            },
            text=True,
            capture_output=True,
        )
        said = f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        if not report.exists():
            raise RuntimeError(f"{suite.name} did not run:\n{said}")
        return read(report, said)

    def _command(self, suite: Suite, report: Path) -> list[str]:
        if suite.by_django:
            settings = f"--settings={suite.settings}"
            return [str(self.python), "-c", MANAGE, "test", settings, "--testrunner", RUNNER, *suite.tests]
        return [
            *(str(self.python), "-m", "pytest", "-q", "-p", "readme_plugin", "-p", "no:cacheprovider"),
            *("-o", "addopts=", "-o", "junit_family=xunit1", f"--junitxml={report}"),
            *(() if suite.alone else ("-n", "2")),
            *((f"--ds={suite.settings}",) if suite.settings else ()),
            *suite.options,
            *suite.tests,
        ]

    def _source(self, suite: Suite) -> Path:
        sources = self.folder / "sources"
        if suite.distribution is None:
            # Outside this repository: pytest would find the conftest of our own tests.
            return Path(shutil.copytree(PROJECTS, sources / "projects", dirs_exist_ok=True))
        wanted = suite.distribution.replace("-", "_") + "-*"
        if not (found := sorted(sources.glob(wanted))):
            self._unpack(suite.distribution, sources)
            found = sorted(sources.glob(wanted))
        return found[0]

    def _unpack(self, distribution: str, sources: Path) -> None:
        """The sdist of the version that the lock pins, held against the lock's hashes."""
        sources.mkdir(exist_ok=True)
        only = sources / f"{distribution}.txt"
        only.write_text(locked(distribution))
        pip(
            "download",
            "--require-hashes",
            "--no-deps",
            f"--no-binary={distribution}",
            "-d",
            sources,
            "-r",
            only,
        )
        for archive in sources.glob(distribution.replace("-", "_") + "-*.tar.gz"):
            with tarfile.open(archive) as packed:
                packed.extractall(sources, filter="data")
            archive.unlink()


def locked(distribution: str) -> str:
    """Raises KeyError for what is not in the lock."""
    found = re.search(
        rf"^{re.escape(distribution)}(\[[^]]*\])?==(.+\n)+?(?=\S|\Z)", LOCK.read_text(), re.MULTILINE
    )
    if found is None:
        raise KeyError(distribution)
    return re.sub(r"^([\w-]+)\[[^]]*\]", r"\1", found[0])


def locked_version(distribution: str) -> str:
    return locked(distribution).split("==", 1)[1].split()[0]


def read(report: Path, said: str) -> Results:
    passed, failed = set(), {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        wrong = [part for part in case if part.tag in ("failure", "error")]
        if wrong:
            failed[name] = wrong[0].get("message") or ""
        elif not any(part.tag == "skipped" for part in case):
            passed.add(name)
    return Results(frozenset(passed), failed, said)
