"""The site that `make docs` builds from these pages: Sphinx with MyST and furo. Warnings are errors there, so a link
that leads nowhere does not pass."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

project = "Your active devices"
author = "The authors of sessions-ui"
release = version = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]["version"]

extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["examples", "_build"]
myst_heading_anchors = 4  # as GitHub makes them, for the links between the pages

html_theme = "furo"
html_title = project
html_show_copyright = False
html_show_sphinx = False

# Pages of the repository that the site has under a name of its own.
ELSEWHERE = {
    "README.md": "quickstart.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
}


def point_into_the_site(text: str) -> str:
    """Links to those pages, which on GitHub lead out of docs/, lead to the site's own."""
    for there, here in ELSEWHERE.items():
        for written in (f"](../{there}", f"]({there}"):
            text = text.replace(written, f"]({here}")
    return text


def setup(app: Any) -> None:
    def read(_app: Any, _name: Any, content: list[str]) -> None:
        content[:] = [point_into_the_site(text) for text in content]

    def read_included(app: Any, _path: Path, _parent: str, content: list[str]) -> None:
        read(app, None, content)

    app.connect("source-read", read)
    app.connect("include-read", read_included)
