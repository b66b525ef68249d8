"""Every kind of user model, each in a process of its own: AUTH_USER_MODEL cannot change in a running one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("model", "elsewhere", "statements"),
    [
        ("UUIDUser", False, 1),
        ("ChildUser", False, 1),
        ("BareUser", False, 1),
        ("DirectoryUser", False, 1),
        ("NumberedUser", False, 1),
        # Left to Django, at the price of its second statement.
        ("SoftDeletedUser", False, 2),
        ("UUIDUser", True, 2),
        pytest.param("DirectoryUser", True, 2, marks=pytest.mark.long),
    ],
)
def test_a_user_model_is_respected(model: str, elsewhere: bool, statements: int) -> None:
    run_suite("suite", USER_MODEL=model, USERS_ELSEWHERE=str(int(elsewhere)), STATEMENTS=str(statements))


def test_proxies_parents_and_children_of_a_user_model_are_respected_and_nothing_else_is_touched() -> None:
    run_suite("family", USER_MODEL="ChildUser")


def test_every_page_that_names_people_works_with_users_in_another_database() -> None:
    run_suite("pages", settings="tests.users.site")


def run_suite(name: str, *, settings: str = "tests.users.settings", **variables: str) -> None:
    environment = {**os.environ, **variables, "SUITE": name}
    environment.pop("DJANGO_SETTINGS_MODULE")
    if environment["DATABASE_URL"].startswith("sqlite"):
        environment.pop("DATABASE_URL")
    command = [sys.executable, "-m", "django", "test", f"--settings={settings}", "--noinput"]
    run = subprocess.run(
        [*command, f"tests.users.{name}"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
