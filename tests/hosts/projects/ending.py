"""How the tests here end somebody's sessions, where they can."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import User


def sign_out_everywhere(user: User) -> None:
    """Skips the test where the app is not installed."""
    if not apps.is_installed("sessions_ui"):
        pytest.skip("without the app nobody can end a session")
    from sessions_ui.actions.endings.end import end_user_sessions
    from sessions_ui.models import EndReason

    assert end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
