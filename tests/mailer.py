"""Which mail backend a test sends through: in MAILERS from Django 6.1 on, in the EMAIL_* settings before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from config.mailers import OPTIONS, mail_settings

LOCMEM = "django.core.mail.backends.locmem.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def set_mailer(
    settings: Any, backend: str, *, timeout: float | None = 10, **options: Any
) -> Callable[[], None]:
    """Until the fixture `settings` puts the former one back, or the function that is returned.

    `options` are named as in MAILERS; `timeout` is in seconds."""
    names = OPTIONS.get(backend, {})
    url = {"EMAIL_BACKEND": backend, **{names[option]: value for option, value in options.items()}}
    wanted = mail_settings(url, timeout=timeout)
    former = {name: getattr(settings, name) for name in wanted}

    def assign(values: dict[str, Any]) -> None:
        for name, value in values.items():
            setattr(settings, name, value)

    assign(wanted)
    return lambda: assign(former)
