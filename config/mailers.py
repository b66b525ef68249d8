"""How mails go out: MAILERS from Django 6.1 on, which deprecates the EMAIL_* settings, and those before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django

SMTP = "django.core.mail.backends.smtp.EmailBackend"
FILES = "django.core.mail.backends.filebased.EmailBackend"
# What each backend takes: its name in OPTIONS, and the setting of before.
OPTIONS = {
    SMTP: {
        "host": "EMAIL_HOST",
        "port": "EMAIL_PORT",
        "username": "EMAIL_HOST_USER",
        "password": "EMAIL_HOST_PASSWORD",
        "use_tls": "EMAIL_USE_TLS",
        "use_ssl": "EMAIL_USE_SSL",
        "ssl_certfile": "EMAIL_SSL_CERTFILE",
        "ssl_keyfile": "EMAIL_SSL_KEYFILE",
        "timeout": "EMAIL_TIMEOUT",
    },
    FILES: {"file_path": "EMAIL_FILE_PATH"},
}


def mail_settings(
    url: Mapping[str, Any], *, timeout: float | None, version: tuple[int, ...] = django.VERSION[:2]
) -> dict[str, Any]:
    """Return the settings for this Django.

    `url` is what django-environ's `email_url()` returned: EMAIL_* settings by name. `timeout`: seconds that a mail
    server may take to answer, None for as long as it likes.
    """
    given = {**url, "EMAIL_TIMEOUT": timeout}
    if version < (6, 1):
        return given
    backend = given["EMAIL_BACKEND"]
    options = {
        option: given[name]
        for option, name in OPTIONS.get(backend, {}).items()
        if given.get(name) is not None
    }
    return {"MAILERS": {"default": {"BACKEND": backend, "OPTIONS": options}}}
