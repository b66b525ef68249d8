"""What host projects may import is named once, is what the docs, accounts and config use, and says what it takes."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

import sessions_ui

ROOT: Path = settings.BASE_DIR
FACE = (
    "sessions_ui",
    "sessions_ui.admin",
    "sessions_ui.api",
    "sessions_ui.api.drf",
    "sessions_ui.api.json.urls",
    "sessions_ui.api.ninja",
    "sessions_ui.api.urls",
    "sessions_ui.api.workos.urls",
    "sessions_ui.assurance",
    "sessions_ui.bridges",
    "sessions_ui.credentials",
    "sessions_ui.exceptions",
    "sessions_ui.help_desk.urls",
    "sessions_ui.middleware",
    "sessions_ui.models",
    "sessions_ui.password_upgrade",
    "sessions_ui.password_validation",
    "sessions_ui.signals",
    "sessions_ui.store",
    "sessions_ui.stream",
    "sessions_ui.tasks",
    "sessions_ui.verify",
    "sessions_ui.web",
    "sessions_ui.web.hijack_urls",
    "sessions_ui.web.urls",
)
URLS = tuple(
    module for module in FACE if module.endswith("urls")
)  # for include(): no name of theirs is imported
LAZY = ("sessions_ui", "sessions_ui.api", "sessions_ui.web", "sessions_ui.stream")

SITE = sorted(
    path for name in ("accounts", "config", "docs/examples") for path in (ROOT / name).rglob("*.py")
)
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
# Hints of checks and settings tell people what to write.
TELLING = sorted(path for name in ("checks", "conf") for path in (ROOT / "sessions_ui" / name).glob("*.py"))

DOTTED = re.compile(r"(?<![\w./])sessions_ui(?:\.\w+)+(?![\w/])")
IMPORT = re.compile(r"^from (sessions_ui[\w.]*) import (?:\(([^)]*)\)|(.+))$", re.MULTILINE)
CHECK_ID = re.compile(r"sessions_ui\.[EW]\d{3}")

LOGGERS = {"sessions_ui.checkpoints"}

# The primary key of a user, which has another type in each project.
OF_ANY_TYPE = {("sessions_ui.end_sessions", "of_user"), ("sessions_ui.stream.watched", "user_id")}


def is_public(path: str) -> bool:
    """Whether a module of the face, a name of its `__all__` or something of that (a method, a member) has this path."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        module, names = ".".join(parts[:length]), parts[length:]
        if module in FACE:
            return not names or (module not in URLS and names[0] in public_names(module))
    return False


def public_names(module: str) -> list[str]:
    return list(import_module(module).__all__)


def is_no_import(path: str) -> bool:
    """A permission, the id of a check or the name of a logger has the same form."""
    models = apps.get_app_config("sessions_ui").get_models()
    permissions = {f"sessions_ui.{code}" for model in models for code, _name in model._meta.permissions}
    return path in permissions or path in LOGGERS or CHECK_ID.fullmatch(path) is not None


def imported(path: Path) -> Iterator[str]:
    """The dotted paths of the app that a module imports, and those in its strings that are a path and nothing else."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sessions_ui":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "sessions_ui")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED.fullmatch(node.value):
            yield node.value


def shown(page: str) -> Iterator[str]:
    """The dotted paths and imports of a page. Not a default in docs/settings.md: nobody has to write it."""
    page = re.sub(r"^(\| `[A-Z_]+` \|)[^|]*\|", r"\1", page, flags=re.MULTILINE)
    for module, within, line in IMPORT.findall(page):
        names = (within or line).split("#")[0].split(",")
        yield from (f"{module}.{name.split(' as ')[0].strip()}" for name in names if name.strip())
    yield from DOTTED.findall(IMPORT.sub("", page))


def told(path: Path) -> Iterator[str]:
    """The dotted paths in texts of checks, and in the docstrings of settings, which docs/settings.md is made from."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield from DOTTED.findall(node.value)


def inside(paths: Iterator[str]) -> set[str]:
    return {path for path in paths if not is_public(path) and not is_no_import(path)}


@pytest.mark.parametrize("path", SITE, ids=lambda path: str(path.relative_to(ROOT)))
def test_this_site_and_the_examples_import_the_public_face_only(path: Path) -> None:
    assert inside(imported(path)) == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_docs_show_the_public_face_only(path: Path) -> None:
    assert inside(shown(path.read_text())) == set()


@pytest.mark.parametrize("path", TELLING, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_checks_and_settings_tell_of_the_public_face_only(path: Path) -> None:
    assert inside(told(path)) == set()


def test_what_is_looked_for_is_found() -> None:
    page = (
        "`sessions_ui.conf.x()` sessions_ui.W038\n```python\nfrom sessions_ui.a import (\n    b, c\n)\n```\n"
    )
    assert inside(shown(page)) == {"sessions_ui.conf.x", "sessions_ui.a.b", "sessions_ui.a.c"}
    assert list(shown("`sessions_ui/conf/x.py`, `tests/sessions_ui.conf`, `{% load sessions_ui %}`")) == []
    assert list(shown("| `RECOVERY` | `sessions_ui.web.x` | Like `sessions_ui.web.y`. |")) == [
        "sessions_ui.web.y"
    ]
    assert is_public("sessions_ui.store.SessionStore.resolve") and not is_public("sessions_ui.store.MARKS")
    assert not is_public("sessions_ui.web.urls.path") and not is_public("sessions_ui.actions")
    assert {path for each in SITE for path in imported(each)} >= {
        "sessions_ui.begin_sign_in",
        "sessions_ui.middleware.SessionMiddleware",
        "sessions_ui.QuietOutages",
        "sessions_ui.models.Session",
    }


def test_the_table_in_the_docs_is_the_public_face() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    section = page.split("## The public face\n")[1].split("\n## ")[0]
    named = {name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in row.split(", ")}
    verbs = {f"sessions_ui.{name}" for name in sessions_ui.__all__}
    assert named == {f"`{name}`" for name in {*verbs, *FACE} - {"sessions_ui"}}


@pytest.mark.parametrize("module", [module for module in FACE if module not in URLS])
def test_each_public_name_is_there_and_classes_and_functions_say_what_they_are(module: str) -> None:
    for name in public_names(module):
        named = getattr(import_module(module), name)
        assert name in dir(import_module(module))
        if inspect.isclass(named) or inspect.isfunction(named):
            written = named.__dict__.get("__doc__") if inspect.isclass(named) else named.__doc__
            assert written, f"{module}.{name} has no docstring"
            assert not written.startswith(f"{name}("), f"{module}.{name} has the docstring of a dataclass"


def is_any(annotation: Any) -> bool:
    return annotation in (inspect.Parameter.empty, "Any", Any)


def test_signatures_say_more_than_any() -> None:
    vague = set()
    for path in (f"{module}.{name}" for module in LAZY for name in public_names(module)):
        verb = inspect.unwrap(import_string(path))
        if not inspect.isfunction(verb):
            continue
        signature = inspect.signature(verb)
        annotations = {each.name: each.annotation for each in signature.parameters.values()}
        annotations["return"] = signature.return_annotation
        vague |= {(path, name) for name, annotation in annotations.items() if is_any(annotation)}
    assert vague == OF_ANY_TYPE


@pytest.mark.parametrize("module", LAZY)
def test_what_is_imported_when_asked_for_is_what_type_checkers_see(module: str) -> None:
    """`__all__`, the imports under TYPE_CHECKING and the names that are found are one list, written three times."""
    tree = ast.parse(Path(str(import_module(module).__file__)).read_text())
    branch = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {
        f"{node.module}.{alias.name}"
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    names = next(node for node in ast.walk(branch.orelse[0]) if isinstance(node, ast.Dict))
    found = {
        f"{module}.{where}.{name}"
        for where, offered in ast.literal_eval(ast.unparse(names)).items()
        for name in offered
    }
    assert typed == found
    assert sorted(path.rpartition(".")[2] for path in found) == sorted(public_names(module))


def test_no_other_name_is_made_up() -> None:
    with pytest.raises(AttributeError, match="module 'sessions_ui' has no attribute 'end_sesions'"):
        _ = sessions_ui.end_sesions  # type: ignore[attr-defined]


EARLY = """
import sys
import sessions_ui
assert not any(name.partition(".")[0] == "django" for name in sys.modules), "importing the app imports Django"
import sessions_ui.web, sessions_ui.exceptions, sessions_ui.signals, sessions_ui.password_upgrade
sessions_ui.CircuitBreaker, sessions_ui.QuietOutages, sessions_ui.HasPk, sessions_ui.UserLike, sessions_ui.warm_up
from sessions_ui.stream import with_stream
from django.apps import apps
assert not apps.ready
"""


def test_importing_the_app_is_cheap_and_needs_no_app_registry() -> None:
    """Settings, asgi.py, LOGGING and the user model ask before the registry is ready."""
    environ = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": ""}
    asked = subprocess.run(
        [sys.executable, "-c", EARLY], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert asked.returncode == 0, asked.stderr
