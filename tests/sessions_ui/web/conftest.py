"""Devices for the page's tests, without a sign-in each: fifty of them would take their time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.models.fields import new_public_id
from tests.models import Device, Session, digest_of


@pytest.fixture
def signed_in() -> Callable[..., Session]:
    """`signed_in(user, last_seen_at=…, device={"name": …})`: one more living session on a device of its own."""

    def make(user: Any, *, device: dict[str, Any] | Device | None = None, **fields: Any) -> Session:
        now = timezone.now()
        if not isinstance(device, Device):
            described = {"kind": "computer", "browser": "Firefox", "system": "Linux", **(device or {})}
            device = Device.objects.create(user=user, **described)
        values: dict[str, Any] = {
            "signed_in_at": now,
            "expires_at": now + timedelta(days=30),
            "method": "password",
            "address": "81.2.69.142",
            "first_address": "81.2.69.142",
            **fields,
        }
        return Session.objects.create(user=user, device=device, digest=digest_of(new_public_id()), **values)

    return make
