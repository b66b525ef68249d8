"""EMAIL_URL means the same on every Django."""

from __future__ import annotations

from typing import Any

import pytest
from environ import Env

from config.mailers import mail_settings

SMTP = "django.core.mail.backends.smtp.EmailBackend"
SERVER = {"host": "mail.example", "port": 587, "username": "ada", "password": "p+w", "use_tls": True}


@pytest.mark.parametrize(
    ("url", "backend", "options"),
    [
        ("smtp+tls://ada:p%2Bw@mail.example:587", SMTP, {**SERVER, "timeout": 10}),
        ("smtp://localhost:25", SMTP, {"host": "localhost", "port": 25, "timeout": 10}),
        ("memorymail://", "django.core.mail.backends.locmem.EmailBackend", {}),
        (
            "filemail:////var/mails",
            "django.core.mail.backends.filebased.EmailBackend",
            {"file_path": "/var/mails"},
        ),
    ],
)
def test_mailers_say_what_the_settings_of_before_said(
    url: str, backend: str, options: dict[str, Any]
) -> None:
    given = Env.email_url_config(url)
    assert mail_settings(given, timeout=10, version=(6, 1)) == {
        "MAILERS": {"default": {"BACKEND": backend, "OPTIONS": options}}
    }
    assert mail_settings(given, timeout=10, version=(6, 0)) == {**given, "EMAIL_TIMEOUT": 10}
