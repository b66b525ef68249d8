"""`manage.py clearsessions`."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.models import EndReason, Session

pytestmark = pytest.mark.django_db


def test_clearsessions_exists_without_djangos_app(user: Any, browser: Any) -> None:
    """It belongs to django.contrib.sessions, which nobody needs any more."""
    browser().sign_in(user)
    anonymous = browser().session
    anonymous["cart"] = 1
    anonymous.save()
    Session.objects.update(expires_at=timezone.now())
    call_command("clearsessions")
    assert Session.objects.get().end_reason == EndReason.IDLE_TIMEOUT


def test_clearsessions_serves_whatever_engine_is_set(settings: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    call_command("clearsessions")
