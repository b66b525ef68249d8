"""No module of the app leaves it to the host's router, or to Django's default, which database it asks.

tests/replica.py sees what the tests run; this one reads what they do not.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS

import sessions_ui
from tests.conftest import Browser
from tests.models import EndReason, Session

APP = Path(sessions_ui.__file__).parent
MODULES = sorted(path for path in APP.rglob("*.py") if "migrations" not in path.parts)
MANAGERS = {"_base_manager", "_default_manager"}
NAMING = {"using", "db_manager"}


def unnamed(source: str) -> list[str]:
    """What does not say which database it means, line by line."""
    tree = ast.parse(source)
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    user_models = _names_of_the_user_model(tree)
    found = [(node, _complaint(node, parents, user_models)) for node in ast.walk(tree)]
    return [f"line {getattr(node, 'lineno', 0)}: {what}" for node, what in found if what]


def _complaint(node: ast.AST, parents: dict[ast.AST, ast.AST], user_models: set[str]) -> str:
    if isinstance(node, ast.ImportFrom) and node.module == "django.db":
        return "the default connection" if "connection" in {alias.name for alias in node.names} else ""
    if not isinstance(node, ast.Attribute):
        return ""
    if node.attr in {"atomic", "on_commit"} and not _has_using(parents[node]):
        return f"{node.attr} without using="
    of_users = node.attr == "objects" and _is_user_model(node.value, user_models)
    if (of_users or node.attr in MANAGERS) and not _names_a_database(parents[node]):
        return f"{node.attr} without .using()"
    return ""


def _has_using(call: ast.AST) -> bool:
    return isinstance(call, ast.Call) and "using" in {keyword.arg for keyword in call.keywords}


def _names_a_database(parent: ast.AST) -> bool:
    """`manager.using(…)`; or `type(manager)`, which reads nothing."""
    if isinstance(parent, ast.Attribute):
        return parent.attr in NAMING
    return isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id == "type"


def _names_of_the_user_model(tree: ast.Module) -> set[str]:
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    calls = [node for node in assigned if _is_user_model(node.value, set())]
    return {target.id for node in calls for target in node.targets if isinstance(target, ast.Name)}


def _is_user_model(node: ast.expr, names: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in names
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Name) and called.id == "get_user_model"


def test_every_module_names_the_databases_that_it_means() -> None:
    found = {str(path.relative_to(APP)): unnamed(path.read_text(encoding="utf-8")) for path in MODULES}
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert len(found) > 100


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("get_user_model()._base_manager.filter(pk=1)", "_base_manager without .using()"),
        ("users = get_user_model()._default_manager", "_default_manager without .using()"),
        ("get_user_model().objects.get(pk=1)", "objects without .using()"),
        ("model = get_user_model()\nmodel.objects.get(pk=1)", "objects without .using()"),
        ("with transaction.atomic():\n    pass", "atomic without using="),
        ("@transaction.atomic\ndef write(): ...", "atomic without using="),
        ("transaction.on_commit(tell)", "on_commit without using="),
        ("from django.db import connection", "the default connection"),
    ],
)
def test_what_names_no_database_is_found(source: str, found: str) -> None:
    assert [line.partition(": ")[2] for line in unnamed(source)] == [found]


@pytest.mark.parametrize(
    "source",
    [
        "get_user_model()._base_manager.using(alias).filter(pk=1)",
        "type(get_user_model()._default_manager).get_queryset",
        "model = get_user_model()\nmodel.objects.using(alias).get(pk=1)",
        "Session.objects.filter(pk=1)",
        "with transaction.atomic(using=alias):\n    pass",
        "transaction.on_commit(tell, using=alias)",
        "from django.db import connections",
    ],
)
def test_what_names_its_database_is_left_alone(source: str) -> None:
    assert unnamed(source) == []


def test_a_change_to_a_user_who_was_read_from_a_replica_ends_their_sessions(
    user: Any, other_user: Any, browser: Callable[..., Browser]
) -> None:
    """What the save is compared with is read where the save goes: there is no database "replica" to ask."""
    browser().sign_in(user)
    browser().sign_in(other_user)
    user._state.db = "replica"
    user.is_active = False
    user.save(using=DEFAULT_DB_ALIAS)
    reasons = dict(Session.objects.values_list("user_id", "end_reason"))
    assert reasons == {user.pk: EndReason.ACCOUNT_DISABLED, other_user.pk: ""}
