"""What the administration says of tokens of other packages that it ends."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.end import end_user_sessions, sessions_of
from tests.keys import Broken, Keys, bridged, keys_of, make_keys
from tests.models import EndingBatch, EndReason, Session

pytestmark = pytest.mark.django_db


def test_everything_of_a_person_is_their_tokens_too(
    admin: Any, browser: Any, user: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    browser().force_login(user)
    make_keys(user, 2)
    session = Session.objects.get(user=user)
    fields = {"action": "sign_out_users", "_selected_action": [session.pk], "confirmed": "1", "note": "left"}
    page = admin.post("/admin/sessions_ui/session/", fields, follow=True).content.decode()
    assert "2 apps and keys can no longer act for them." in page
    assert keys_of(user) == 0


def test_a_large_sign_out_says_how_far_they_are(admin: Any, user: Any, settings: Any) -> None:
    bridged(settings, Keys, Broken)
    users = get_user_model().objects.filter(pk=user.pk)
    end_later(sessions=sessions_of(users), reason=EndReason.ADMINISTRATOR, of_users=users, unadopted=True)
    EndingBatch.objects.filter(bridge="broken").update(attempts=7)
    end_batches()
    page = admin.get("/admin/sessions_ui/ending/").content.decode()
    assert "1 of 2, failed: 1" in page


def test_deliveries_are_filtered_by_what_bridges_end(admin: Any, user: Any, settings: Any) -> None:
    bridged(settings, Broken)
    end_user_sessions(user=user, reason=EndReason.ACCOUNT_DISABLED)
    page = admin.get("/admin/sessions_ui/delivery/?channel=bridge").content.decode()
    assert "broken" in page
    assert "broken" not in admin.get("/admin/sessions_ui/delivery/?channel=mail").content.decode()
