"""The mail server that the host project has set up: in MAILERS (Django 6.1) or in the EMAIL_* settings."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import mail

SMTP = "django.core.mail.backends.smtp.EmailBackend"
ALIAS = "default"


@dataclass(frozen=True, slots=True)
class Mailer:
    """How mails are sent.

    `backend` is a dotted path; `timeout` (seconds) is what it is told, None where it may take for ever.
    """

    backend: str
    timeout: float | None


def has_mailers() -> bool:
    """Return whether the project names its mail servers in MAILERS; before Django 6.1 they would mean nothing."""
    return hasattr(mail, "mailers") and hasattr(settings, "MAILERS")


def default_mailer() -> Mailer | None:
    """Return the mailer that mails go through, as the settings name it; None where MAILERS has no "default".

    The backend itself is not made here, because Django's file backend makes its folder as soon as it is.
    """
    if has_mailers():
        config = getattr(settings, "MAILERS", {}).get(ALIAS)
        if config is None:
            return None
        return Mailer(config.get("BACKEND", SMTP), config.get("OPTIONS", {}).get("timeout"))
    # Since Django 6.1 whoever reads these is warned. Whoever sets them was told when the settings were loaded.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return Mailer(settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT)


def new_connection() -> Any:
    """Return a mail backend of the default mailer, not yet open.

    Raises `ImproperlyConfigured` where MAILERS has no "default", or one that cannot be made.
    """
    return mail.mailers.default if hasattr(mail, "mailers") else mail.get_connection()
