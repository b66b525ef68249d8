"""What a token may not change, whatever the settings say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone

from sessions_ui.actions.tokens.create import create_token
from sessions_ui.api.decorators import token_required

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@token_required("sessions:read")
def another_password(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    user.set_password("chosen by a program")
    user.save()
    return HttpResponse("changed")


urlpatterns = [path("password/", another_password)]


@pytest.mark.parametrize("guard", [True, False])
def test_a_token_changes_no_password(user: Any, settings: Any, guard: bool) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIAL_GUARD": guard}
    ends = timezone.now() + timedelta(days=1)
    made = create_token(user=user, name="Script", scopes=["sessions:read"], expires_at=ends)
    before = user.password
    response = Client().post("/password/", headers={"Authorization": f"Bearer {made.value}"})
    assert response.status_code == 403
    user.refresh_from_db()
    assert user.password == before
