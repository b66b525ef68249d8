"""Sign-outs, and the mail that is sent about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail

from sessions_ui.actions.end import end_user_sessions
from sessions_ui.delivery import deliver_due
from sessions_ui.models import EndReason

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
