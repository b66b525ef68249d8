"""What password managers and those who found a hole ask for."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.config.test_settings import run, setting

pytestmark = pytest.mark.django_db

SECURITY = "/.well-known/security.txt"
CONTACT = {
    "SECRET_KEY": "x" * 60,
    "SECURITY_CONTACT": "mailto:security@devices.example,https://devices.example/report",
}


def test_a_password_manager_finds_where_the_password_is_changed(browser: Any, user: Any) -> None:
    """https://w3c.github.io/webappsec-change-password-url/"""
    here = browser()
    response = here.get("/.well-known/change-password")
    assert (response.status_code, response.url) == (302, "/account/password/change/")
    here.sign_in(user)
    assert here.get("/.well-known/change-password", follow=True).status_code == 200


def test_what_is_not_there_is_said_to_be_not_there(browser: Any) -> None:
    """Else a password manager believes no answer of this site."""
    path = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"
    assert browser().get(path).status_code == 404


def test_the_file_names_whom_to_tell_and_until_when_that_is_right(browser: Any, settings: Any) -> None:
    settings.SECURITY_CONTACTS = ["mailto:security@devices.example"]
    settings.SECURITY_EXPIRES = date(2027, 6, 30)
    response = browser().get(SECURITY)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().splitlines() == [
        "Contact: mailto:security@devices.example",
        "Expires: 2027-06-30T00:00:00Z",
        "Preferred-Languages: en, de, es, fr, pt-br, ar",
        "Canonical: https://devices.example/.well-known/security.txt",
    ]


def test_a_site_that_names_nobody_has_no_such_file(browser: Any) -> None:
    assert browser().get(SECURITY).status_code == 404


def test_the_contacts_come_from_the_environment(tmp_path: Path) -> None:
    shown = setting(
        "(settings.SECURITY_CONTACTS, settings.SECURITY_EXPIRES.year)",
        **CONTACT,
        SECURITY_EXPIRES="2027-06-30",
        VAR_DIR=str(tmp_path),
    )
    assert shown == "(['mailto:security@devices.example', 'https://devices.example/report'], 2027)"


@pytest.mark.parametrize(
    "variables",
    [{}, {"SECURITY_EXPIRES": "soon"}, {"SECURITY_CONTACT": "us", "SECURITY_EXPIRES": "2027-06-30"}],
)
def test_half_of_it_is_a_mistake_that_is_named(variables: dict[str, str], tmp_path: Path) -> None:
    done = run(["manage.py", "check"], **{**CONTACT, **variables}, VAR_DIR=str(tmp_path))
    assert done.returncode != 0 and "ImproperlyConfigured: SECURITY_CONTACT" in done.stderr
