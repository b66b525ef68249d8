"""What is wrong with the way people are told."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import django
import pytest
from django.contrib.auth import get_user_model

from sessions_ui.checks.telling import no_address
from tests.mailer import SMTP, set_mailer
from tests.sessions_ui.checks.project.test_setup import ids


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ({"WEBHOOK_ALLOWED_NETWORKS": ["everywhere"]}, "E034"),
        ({"WEBHOOK_TIMEOUT": timedelta(seconds=100)}, "E035"),
        ({"WEBHOOK_ALLOW_HTTP": True}, "W036"),
    ],
)
def test_the_check_names_a_wrong_setting(values: dict[str, Any], number: str, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **values}
    assert f"sessions_ui.{number}" in ids(include_deployment_checks=True)


@pytest.mark.parametrize(("timeout", "bad"), [(None, True), (90, True), (10, False)])
def test_a_mail_server_must_not_hang_for_ever(timeout: int | None, bad: bool, settings: Any) -> None:
    set_mailer(settings, SMTP, host="mail.example", timeout=timeout)
    assert ("sessions_ui.W033" in ids()) is bad


# What a project says of its mails, and what the checks say then. Each is a process of its own: Django refuses the one
# way as soon as the other was taken.
CONSOLE = "django.core.mail.backends.console.EmailBackend"
HOSTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, ["W033"]),
    "EMAIL_TIMEOUT": ({"EMAIL_TIMEOUT": 10}, []),
    "a backend without a server": ({"EMAIL_BACKEND": CONSOLE}, []),
    "MAILERS as startproject writes it": ({"MAILERS": {"default": {"BACKEND": CONSOLE}}}, []),
    "MAILERS, SMTP": ({"MAILERS": {"default": {"BACKEND": SMTP, "OPTIONS": {"host": "a"}}}}, ["W033"]),
    "MAILERS, SMTP by default": ({"MAILERS": {"default": {}}}, ["W033"]),
    "MAILERS, SMTP with a timeout": (
        {"MAILERS": {"default": {"BACKEND": SMTP, "OPTIONS": {"host": "a", "timeout": 10}}}},
        [],
    ),
    "MAILERS, another one only": ({"MAILERS": {"bulk": {"BACKEND": CONSOLE}}}, ["W080"]),
    "MAILERS, empty": ({"MAILERS": {}}, ["W080"]),
}
PROGRAM = """
import json, sys
import django
from django.conf import settings
apps = ["django.contrib.auth", "django.contrib.contenttypes", "sessions_ui"]
settings.configure(INSTALLED_APPS=apps, SECRET_KEY="x", **json.loads(sys.argv[1]))
django.setup()
from sessions_ui.checks.telling import mail_timeout, no_mailer
messages = mail_timeout() + no_mailer()
print(json.dumps([message.id.removeprefix("sessions_ui.") for message in messages]))
"""


def test_the_check_names_a_user_model_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert no_address() == []
    monkeypatch.setattr(get_user_model(), "EMAIL_FIELD", "no_such_field")
    [said] = no_address()
    assert said.id == "sessions_ui.W082" and "EMAIL_FIELD" in str(said.hint)


@pytest.mark.parametrize("host", HOSTS)
def test_both_ways_to_name_a_mail_server_are_understood(host: str) -> None:
    given, expected = HOSTS[host]
    if "MAILERS" in given and django.VERSION < (6, 1):
        expected = ["W033"]  # it means nothing there: mails go out by the EMAIL_* settings
    command = [sys.executable, "-W", "error:::sessions_ui.services.mailer", "-c", PROGRAM, json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == expected
