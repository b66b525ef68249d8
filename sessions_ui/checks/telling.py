"""Whether mails and webhooks can reach those who must be told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from sessions_ui.conf import conf
from sessions_ui.services.mailer import ALIAS, SMTP, default_mailer, has_mailers
from sessions_ui.user_model import email_field_name

MARGIN = timedelta(
    seconds=60
)  # for the DNS, which knows no time limit of ours, and for recording how it went


def mail_timeout(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check that mails have a timeout: without one a mail server that hangs keeps a worker for ever, and its lease runs
    out meanwhile."""
    mailer = default_mailer()
    if mailer is None or mailer.backend != SMTP:
        return []
    if mailer.timeout is not None and timedelta(seconds=mailer.timeout) + MARGIN <= conf.delivery_lease:
        return []
    return [
        checks.Warning(
            "A mail server that hangs outlives DELIVERY_LEASE: two workers may send the same mail.",
            hint=(
                f'Set "timeout": 10 in the OPTIONS of MAILERS["{ALIAS}"].'
                if has_mailers()
                else "Set EMAIL_TIMEOUT = 10."
            ),
            id="sessions_ui.W033",
        )
    ]


def no_mailer(**kwargs: Any) -> list[checks.CheckMessage]:
    if default_mailer() is not None:
        return []
    return [
        checks.Warning(
            f'MAILERS has no "{ALIAS}": nobody is told by mail that devices were signed out, and no code arrives.',
            hint=f'Add "{ALIAS}" to MAILERS. What has been waiting meanwhile goes out then.',
            id="sessions_ui.W080",
        )
    ]


def no_address(**kwargs: Any) -> list[checks.CheckMessage]:
    if email_field_name() is not None:
        return []
    model = get_user_model()._meta.label
    return [
        checks.Warning(
            f"{model} has no field for an e-mail address: nobody is told by mail that devices were signed out.",
            hint=f"Name the field in {model}.EMAIL_FIELD, or silence this where webhooks tell people.",
            id="sessions_ui.W082",
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
