"""Sign-ins that nobody has used for a while, on a site where they last that long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.conftest import Browser
from tests.models import AccountState, Session

DAY = timedelta(days=1)


def let_them_last(settings: Any, **given: Any) -> None:
    """No time limit of the site ends anything within a year."""
    settings.SESSION_COOKIE_AGE = 400 * 24 * 3600
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "IDLE_TIMEOUT": None,
        "ABSOLUTE_TIMEOUT": None,
        **given,
    }


def chose(user: Any, months: int | None) -> None:
    AccountState.objects.update_or_create(user_id=user.pk, defaults={"unused_months": months})


def unused_for(user: Any, days: float, *, told: float | None = None, **fields: Any) -> Session:
    """A browser in which `user` signed in, last used so many days ago, and told of so many days ago."""
    client = Browser()
    client.force_login(user)
    now = timezone.now()
    rows = Session.objects.filter(pk=client.session.session_id)
    rows.update(
        signed_in_at=now - days * DAY,
        last_seen_at=now - days * DAY,
        expires_at=now + 300 * DAY,
        unused_told_at=None if told is None else now - told * DAY,
        **fields,
    )
    return rows.get()
