"""What the settings say of how long addresses and user agents are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from sessions_ui.conf import conf

# A mail is tried for three days and a half (docs/mails.md).
MAILS_WAIT = timedelta(days=4)


def forgetting(**kwargs: Any) -> list[checks.CheckMessage]:
    try:
        after = conf.forget_clients_after
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="sessions_ui.E115")]
    if after is None or after >= MAILS_WAIT:
        return []
    return [
        checks.Warning(
            "FORGET_CLIENTS_AFTER is shorter than a mail may wait: one about a sign-in that comes late says less, or "
            "is given up.",
            hint="Four days or more. To keep no address at all: STORE_ADDRESSES.",
            id="sessions_ui.W116",
        )
    ]
