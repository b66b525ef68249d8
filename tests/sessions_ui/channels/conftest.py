"""Sign-outs, the mail that is sent about them, and a receiver of webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.webhooks.endpoints import save_endpoint
from sessions_ui.delivery import deliver_due
from tests.models import Endpoint, EndReason, Hook
from tests.receivers.server import Receiver, receiver

SendMail = Callable[..., Any]


@pytest.fixture
def send_mail(user: Any, browser: Any) -> SendMail:
    """`send_mail(reason)`: the user's one browser is signed out for it; returns the mail, None where there is none."""

    def send(reason: EndReason = EndReason.ADMINISTRATOR, **fields: Any) -> Any:
        browser().sign_in(user)
        end_user_sessions(user=user, reason=reason, **fields)
        mail.outbox.clear()
        deliver_due()
        return mail.outbox[0] if mail.outbox else None

    return send


@pytest.fixture
def hooks(settings: Any) -> Iterator[Receiver]:
    """A receiver on loopback, where webhooks may go in this test."""
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "WEBHOOK_ALLOWED_NETWORKS": ["127.0.0.0/8"],
        "WEBHOOK_ALLOW_HTTP": True,
        "WEBHOOK_TIMEOUT": timedelta(seconds=60),
    }
    with receiver() as server:
        yield server


@pytest.fixture
def endpoint(hooks: Receiver, db: None) -> Endpoint:
    """It wants to hear of everything; its secret in the clear is `endpoint.secrets(now)[0]`."""
    endpoint = Endpoint(url=hooks.url, types=list(Hook.values))
    save_endpoint(endpoint=endpoint, actor=None)
    return endpoint
