"""Support uses an account: its owner sees it and can end it, and it dies with the staff member's own session."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui.actions.endings.end import end_user_sessions
from tests.models import EndReason, Session
from tests.sessions_ui.impersonation.conftest import _support_page, desk, support

__all__ = ["_support_page", "desk", "support"]
pytestmark = pytest.mark.django_db

DEVICES = "/account/devices/"


@pytest.fixture
def laptop(browser: Any, user: Any) -> Any:
    laptop = browser()
    laptop.sign_in(user)
    return laptop


def page(browser: Any) -> str:
    return str(browser.get(DEVICES, follow=True).content.decode())


def test_from_the_first_look_to_the_end(laptop: Any, desk: Any, user: Any, support: Any) -> None:
    desk.post("/support/use/", {"user": user.pk, "reason": "Your invoice of May"})

    seen = page(laptop)
    assert "Support is using your account: Your invoice of May" in seen
    assert "Sam " not in seen and support.email not in seen and "89.160.20.112" not in seen
    assert "1 device signed in" in seen, "support is none of the user's devices"

    inside = page(desk)
    assert "as support" in inside and "Leave this account" in inside and user.email in inside
    assert desk.post(f"{DEVICES}sign-out-others/").status_code == 403
    assert laptop.get(DEVICES).status_code == 200

    end_user_sessions(user=support, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=support)
    assert desk.get(DEVICES).status_code == 302, "dead at the next request"
    seen = page(laptop)
    assert "Support is using" not in seen and "Support used your account: Your invoice of May" in seen


def test_the_owner_ends_it(laptop: Any, desk: Any, user: Any) -> None:
    desk.post("/support/use/", {"user": user.pk, "reason": "Your invoice of May"})
    used = Session.objects.get(impersonated_from__isnull=False)
    laptop.post(f"{DEVICES}sessions/{used.public_id}/sign-out/")
    assert desk.get(DEVICES).status_code == 302
    assert laptop.get(DEVICES).status_code == 200
