"""The filters of the sessions list: each finds its own, none asks for all rows there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.database import moments
from tests.models import Device, EndReason, Session

pytestmark = pytest.mark.django_db
LIST = "/admin/sessions_ui/session/"
LINKÖPING = "89.160.20.113"


@pytest.fixture
def admin(browser: Any, administrator: Any) -> Any:
    client = browser(address="2.125.160.217")
    client.force_login(administrator)
    return client


@pytest.fixture
def ada(browser: Any, user: Any) -> Any:
    client = browser(address=LINKÖPING)
    client.sign_in(user)
    return client


def listed(client: Any, **query: str) -> set[Any]:
    return {row.user_id for row in client.get(LIST, query).context["cl"].result_list}


def test_by_country_of_the_sign_in(admin: Any, ada: Any, user: Any, administrator: Any) -> None:
    assert Session.objects.get(user=user).first_country == "SE"
    assert listed(admin, country="SE") == {user.pk}
    assert "Sweden" in admin.get(LIST).content.decode()


def test_by_kind_of_device(admin: Any, ada: Any, user: Any) -> None:
    assert user.pk in listed(admin, device_kind="computer")
    Device.objects.filter(user=user).update(kind=Device.Kind.TV)
    assert listed(admin, device_kind="tv") == {user.pk}
    assert user.pk not in listed(admin, device_kind="unknown")


def test_by_why_it_ended(admin: Any, ada: Any, user: Any) -> None:
    assert listed(admin, why=EndReason.HELP_DESK) == set()
    end_user_sessions(user=user, reason=EndReason.HELP_DESK)
    assert listed(admin, why=EndReason.HELP_DESK) == {user.pk}
    assert listed(admin, why=EndReason.NOT_ME) == set()


def test_by_staff(admin: Any, ada: Any, administrator: Any) -> None:
    assert listed(admin, staff="yes") == {administrator.pk}


def test_by_day(admin: Any, ada: Any, user: Any) -> None:
    Session.objects.filter(user=user).update(signed_in_at=timezone.now() - timedelta(days=3))
    assert user.pk not in listed(admin, day=moments.day_of(timezone.now()).isoformat())
    assert listed(admin, day=(moments.day_of(timezone.now()) - timedelta(days=3)).isoformat()) == {user.pk}


@pytest.mark.parametrize(
    "query", [{"day": "junk"}, {"why": "junk"}, {"device_kind": "junk"}, {"staff": "junk"}]
)
def test_junk_filters_nothing(admin: Any, ada: Any, user: Any, query: dict[str, str]) -> None:
    assert user.pk in listed(admin, **query)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_the_ends_of_the_calendar_are_days_without_a_sign_in_or_no_days(
    admin: Any, ada: Any, day: str, zone: str, settings: Any
) -> None:
    settings.TIME_ZONE = zone
    assert admin.get(LIST, {"day": day}).status_code == 200


def test_no_head_sorts_by_a_column_without_an_index(admin: Any, ada: Any) -> None:
    sortable = admin.get(LIST).context["cl"].model_admin.get_sortable_by(None)
    assert tuple(sortable) == ("signed_in_at",)


@pytest.mark.parametrize("model", ["session", "device", "event", "delivery", "recovery", "offboarding"])
def test_a_number_that_no_column_holds_is_no_filter(admin: Any, model: str) -> None:
    for lookup in ("user", "id__in"):
        address = f"/admin/sessions_ui/{model}/?{lookup}={'9' * 26}"
        assert admin.get(address).status_code == 400, lookup


@pytest.mark.parametrize("key", ["9" * 30, str(2**63), "-1", "x"])
def test_a_key_that_no_row_can_have_is_none(admin: Any, key: str) -> None:
    for model in ("accesstoken", "session", "device", "serviceaccount"):
        answer = admin.get(f"/admin/sessions_ui/{model}/{key}/change/")
        assert answer.status_code in (302, 404), model  # Django leads to its index, and says why


def test_where_nothing_is_searched_a_search_is_none(admin: Any) -> None:
    for model in ("accessreview", "incident", "endpoint"):
        assert admin.get(f"/admin/sessions_ui/{model}/?q=ada").status_code == 200, model
