"""Conditions on sessions that more than one search has."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.sessions.conditions import in_network
from tests.models import Session

pytestmark = pytest.mark.django_db


def test_a_session_without_an_address_is_in_no_network(user: Any) -> None:
    """A site may keep none, and what was adopted had none to bring."""
    for digest, first, now in (
        ("nowhere", None, None),
        ("signed in there", "81.2.69.142", None),
        ("there now", None, "81.2.69.1"),
        ("elsewhere", "89.160.20.112", "89.160.20.112"),
    ):
        Session.objects.create(
            digest=digest, user=user, first_address=first, address=now, expires_at=timezone.now()
        )
    rows = Session.objects.all()
    found = rows.filter(in_network(rows, "81.2.69.0/24")).values_list("digest", flat=True)
    assert {*found} == {"signed in there", "there now"}
