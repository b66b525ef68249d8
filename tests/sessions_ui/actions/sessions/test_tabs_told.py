"""When open tabs were told: once, set-based, and only of what has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.sessions.tabs_told import note_tabs_told
from sessions_ui.models.fields import new_public_id
from tests.models import Session, digest_of

pytestmark = pytest.mark.django_db


def session_of(user: Any, **fields: Any) -> Session:
    expires_at = timezone.now() + timedelta(days=1)
    return Session.objects.create(
        user=user, digest=digest_of(new_public_id()), expires_at=expires_at, **fields
    )


def test_open_tabs_are_noted_in_one_statement_and_the_first_time_stays(
    user: Any, django_assert_num_queries: Any
) -> None:
    ended = [session_of(user, ended_at=timezone.now(), end_reason="device_lost") for _ in range(3)]
    living = session_of(user)
    keys = [session.pk for session in (*ended, living)]
    first = timezone.now()
    with django_assert_num_queries(1):
        assert note_tabs_told(session_ids=keys, at=first) == 3
    assert note_tabs_told(session_ids=keys, at=first + timedelta(hours=1)) == 0
    assert set(Session.objects.filter(tabs_told_at=first)) == set(ended)
