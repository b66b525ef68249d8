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
    """`backend` is a dotted path; `timeout` (seconds) is what it is told, None where it may take for ever."""

    backend: str
    timeout: float | None


def has_mailers() -> bool:
    """Whether the project names its mail servers in MAILERS; before Django 6.1 they would mean nothing."""
    return hasattr(mail, "mailers") and hasattr(settings, "MAILERS")


def default_mailer() -> Mailer | None:
    """The one that mails go through, as the settings name it; None where MAILERS has no "default".

    It is made by nobody here: Django's file backend makes its folder already then.
    """
    if has_mailers():
        config = getattr(settings, "MAILERS", {}).get(ALIAS)
        if config is None:
            return None
        return Mailer(config.get("BACKEND", SMTP), config.get("OPTIONS", {}).get("timeout"))
    # Since Django 6.1 whoever reads these is warned. Who sets them was told when the settings were loaded.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return Mailer(settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT)


def new_connection() -> Any:
    """A mail backend of it, not yet open. Raises `ImproperlyConfigured` where MAILERS has no "default", or one that
    cannot be made."""
    return mail.mailers.default if hasattr(mail, "mailers") else mail.get_connection()
