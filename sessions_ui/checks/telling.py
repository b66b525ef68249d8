"""Whether those who must be told can be told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from sessions_ui.conf import conf

MARGIN = timedelta(
    seconds=60
)  # for the DNS, which knows no time limit of ours, and for noting down how it went


def mail_timeout(**kwargs: Any) -> list[checks.CheckMessage]:
    """Without one a mail server that hangs keeps a worker for ever, and its lease runs out meanwhile."""
    if settings.EMAIL_BACKEND != "django.core.mail.backends.smtp.EmailBackend":
        return []
    timeout = settings.EMAIL_TIMEOUT
    if timeout is not None and timedelta(seconds=timeout) + MARGIN <= conf.delivery_lease:
        return []
    return [
        checks.Warning(
            "A mail server that hangs outlives DELIVERY_LEASE: two workers may send the same mail.",
            hint="Set EMAIL_TIMEOUT = 10.",
            id="sessions_ui.W033",
        )
    ]


def webhook_networks(**kwargs: Any) -> list[checks.CheckMessage]:
    try:
        _ = conf.webhook_allowed_networks
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="sessions_ui.E034")]
    return []


def webhook_timeout(**kwargs: Any) -> list[checks.CheckMessage]:
    if conf.webhook_timeout + MARGIN <= conf.delivery_lease:
        return []
    return [
        checks.Error(
            "WEBHOOK_TIMEOUT must be a minute shorter than DELIVERY_LEASE.",
            hint="Else a receiver that hangs is told by two workers at the same time.",
            id="sessions_ui.E035",
        )
    ]


def plain_webhooks(**kwargs: Any) -> list[checks.CheckMessage]:
    if not conf.webhook_allow_http:
        return []
    return [checks.Warning("WEBHOOK_ALLOW_HTTP: whoever is on the way can read.", id="sessions_ui.W036")]
