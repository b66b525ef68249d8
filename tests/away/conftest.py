"""The services that the site can do without, each taken away for real: nobody listens where it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account import app_settings as allauth_settings
from celery import current_app
from django.core import mail
from django.utils import timezone

from config.settings import ROWS
from sessions_ui.channels.emails.channel import SERVER
from sessions_ui.delivery import deliver_all
from tests.mailer import LOCMEM, SMTP, set_mailer
from tests.models import Delivery

NOWHERE = "127.0.0.1:1"


def without_cache(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    redis = {
        "BACKEND": "config.cache.RedisOrRows",
        "LOCATION": f"redis://{NOWHERE}",
        "OPTIONS": {"ROWS": "rows"},
    }
    settings.CACHES = {"default": redis, "rows": ROWS}
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REDIS_URL": f"redis://{NOWHERE}"}


def without_broker(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("broker_url", "broker_read_url", "broker_write_url"):
        monkeypatch.setattr(current_app.conf, name, f"amqp://guest:guest@{NOWHERE}//")
    # What is connected already would go on.
    monkeypatch.setattr(current_app, "_pool", None)
    monkeypatch.setattr(current_app.amqp, "_producer_pool", None)


def without_worker(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in every test."""


def without_mail_server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    host, _, port = NOWHERE.partition(":")
    set_mailer(settings, SMTP, host=host, port=int(port))


ALL_OF_THEM = "all of them"
OUTAGES = {
    "cache": [without_cache],
    "broker": [without_broker],
    "worker": [without_worker],
    "mail server": [without_mail_server],
    ALL_OF_THEM: [without_cache, without_broker, without_worker, without_mail_server],
}


@pytest.fixture
def take_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`take_away("cache")`. The rate limits count, since that is what needs the cache, and let everything through. Time
    goes on, unlike in tests of the limits: what waits for a broker would wait for ever."""
    del settings.ACCOUNT_RATE_LIMITS
    settings.ACCOUNT_RATE_LIMITS = {
        action: re.sub(r"\d+/", "100000/", rates) for action, rates in allauth_settings.RATE_LIMITS.items()
    }

    def take(outage: str) -> None:
        for without in OUTAGES[outage]:
            without(settings, monkeypatch)

    return take


@pytest.fixture
def mail_comes(settings: Any) -> Callable[[], str]:
    """The mail server is there for as long as the waiting mails need: what the last one says."""

    def come() -> str:
        take_away = set_mailer(settings, LOCMEM)
        SERVER.reset()
        Delivery.objects.filter(done_at=None).update(due_at=timezone.now(), leased_until=None)
        deliver_all()
        take_away()
        return str(mail.outbox[-1].body)

    return come
