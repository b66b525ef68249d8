"""The README's table of extras is that of pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)` \| ([\w, -]+) \| .+ \|$", re.MULTILINE)
NAME = re.compile(r"^[\w-]+")


def test_the_readme_names_every_extra_and_what_it_brings() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {
        extra: sorted(NAME.findall(requirement)[0] for requirement in requirements)
        for extra, requirements in project["optional-dependencies"].items()
    }
    _, _, readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("| extra | brings | for |")
    table = readme.partition("\n\n")[0]
    assert {extra: brings.split(", ") for extra, brings in ROW.findall(table)} == declared


# For APIs of other projects: this site has none on it.
OF_OTHERS = ("drf",)


def test_the_site_brings_what_each_extra_for_it_brings() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {
        extra: {NAME.findall(requirement)[0] for requirement in requirements}
        for extra, requirements in project["optional-dependencies"].items()
        if extra not in OF_OTHERS
    }
    assert set().union(*extras.values()) == extras["site"]
