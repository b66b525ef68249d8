"""Ending access at a date in the admin: who may, how the person is named, what can be done later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from tests.models import Offboarding, Session

pytestmark = pytest.mark.django_db
LIST = "/admin/sessions_ui/offboarding/"
ADD = f"{LIST}add/"


def form(who: str, **fields: str) -> dict[str, str]:
    ends = timezone.now() + timedelta(days=30)
    return {
        "who": who,
        "ends_at_0": f"{ends:%Y-%m-%d}",
        "ends_at_1": "18:00:00",
        "ticket": "HR-9",
        "note": "resigned",
        **fields,
    }


def test_an_end_of_access_is_set(admin: Any, administrator: Any, user: Any, browser: Any) -> None:
    browser().sign_in(user)
    assert admin.get(ADD).status_code == 200
    assert admin.post(ADD, form(user.email.upper())).status_code == 302
    row = Offboarding.objects.get()
    assert (row.user_id, row.actor_id, row.ticket, row.note) == (
        user.pk,
        administrator.pk,
        "HR-9",
        "resigned",
    )
    assert Session.objects.of(user).get().latest_end_at == row.ends_at
    html = admin.get(LIST).content.decode()
    assert user.email in html and "HR-9" in html


@pytest.mark.parametrize(
    "fields", [{"who": "ada"}, {"who": ""}, {"ends_at_0": "soon"}, {"ends_at_1": ""}, {"ticket": "x" * 101}]
)
def test_what_is_wrong_is_said(fields: dict[str, str], admin: Any, user: Any) -> None:
    response = admin.post(ADD, {**form(user.email), **fields})
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not Offboarding.objects.exists()


def test_an_end_of_access_is_cancelled_and_never_edited(admin: Any, user: Any) -> None:
    admin.post(ADD, form(user.email))
    row = Offboarding.objects.get()
    page = f"{LIST}{row.pk}/change/"
    assert "resigned" in admin.get(page).content.decode()
    assert admin.post(page, form("admin@staff.example")).status_code == 403
    assert admin.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    cancel = {"action": "cancel", "_selected_action": [row.pk]}
    assert "1 end of access was cancelled." in admin.post(LIST, cancel, follow=True).content.decode()
    assert "None of these was in force." in admin.post(LIST, cancel, follow=True).content.decode()
    row.refresh_from_db()
    assert row.cancelled_at is not None


def test_looking_setting_and_cancelling_are_three_permissions(browser: Any, agent: Any, user: Any) -> None:
    agent.groups.clear()
    agent.user_permissions.add(Permission.objects.get(codename="view_offboarding"))
    client = browser()
    client.force_login(agent)
    assert client.get(LIST).status_code == 200
    assert client.post(ADD, form(user.email)).status_code == 403
    agent.user_permissions.add(Permission.objects.get(codename="add_offboarding"))
    assert client.post(ADD, form(user.email)).status_code == 302
    client.post(LIST, {"action": "cancel", "_selected_action": [Offboarding.objects.get().pk]})
    assert Offboarding.objects.get().cancelled_at is None


def left(moment: Any) -> dict[str, str]:
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return {"happened_at_0": f"{local:%Y-%m-%d}", "happened_at_1": f"{local:%H:%M:%S}"}


def test_a_person_may_have_left_before(admin: Any, user: Any) -> None:
    friday = (timezone.now() - timedelta(days=3)).replace(microsecond=0)
    assert admin.post(ADD, form(user.email, **left(friday))).status_code == 302
    row = Offboarding.objects.get()
    assert row.happened_at == friday
    assert "Left" in admin.get(f"{LIST}{row.pk}/change/").content.decode()


def test_when_they_left_is_over_and_no_later_than_their_access(admin: Any, user: Any) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    html = admin.post(ADD, form(user.email, **left(tomorrow))).content.decode()
    assert "That’s still in the future." in html
    ended = {"ends_at_0": "2026-01-01", "ends_at_1": "08:00:00"}
    html = admin.post(ADD, form(user.email, **ended, **left(timezone.now()))).content.decode()
    assert "Access can’t end before the person leaves." in html
    assert not Offboarding.objects.exists()
