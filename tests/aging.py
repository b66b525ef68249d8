"""Sign-ins of a while ago, without waiting."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.db.models import F
from django.utils import timezone

from sessions_ui.store import SessionStore
from sessions_ui.web.step_up.reauthentication import CONFIRMED_AT
from tests.models import Device, Session


def age_sign_ins(user: Any, by: timedelta = timedelta(hours=1)) -> None:
    """As if everything that `user` proved in any session had happened so much earlier."""
    store = SessionStore()
    for row in Session.objects.filter(user=user):
        data = store.decode(row.payload)
        for record in data.get(AUTHENTICATION_METHODS_SESSION_KEY, []):
            record["at"] -= by.total_seconds()
        if CONFIRMED_AT in data:
            data[CONFIRMED_AT] -= by.total_seconds()
        Session.objects.filter(pk=row.pk).update(
            signed_in_at=F("signed_in_at") - by,
            payload=store.encode(data),
            authentication=[replace(one, at=one.at - by).to_dict() for one in row.shown] or None,
        )


def settle(user: Any) -> None:
    """As if `user` had used these browsers for days, and confirmed them: they vouch for themselves (invariant 10)."""
    Session.objects.filter(user=user, ended_at__isnull=True).update(
        signed_in_at=F("signed_in_at") - timedelta(days=2), reviewed_at=timezone.now()
    )
    Device.objects.filter(user=user).update(confirmed_at=timezone.now())


def long_ago(user: Any) -> None:
    """As if the devices that `user` has now had been there for weeks, signed in two days ago."""
    Device.objects.filter(user=user).update(first_seen_at=F("first_seen_at") - timedelta(days=40))
    Session.objects.filter(user=user).update(signed_in_at=F("signed_in_at") - timedelta(days=2))
