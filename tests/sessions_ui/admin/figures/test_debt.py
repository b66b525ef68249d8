"""Persistence debt in the administration: the page, its pictures, what it ends; and the proof beside an act."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.admin.figures.debt import duration, minutes
from sessions_ui.delivery import deliver_due
from tests.models import Act, EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("it shows everybody's")]
PAGE = "/admin/sessions_ui/session/debt/"
DAY = timedelta(days=1)


@pytest.fixture
def staff(browser: Any, agent: Any) -> Any:
    """Somebody who may look at sessions, and nothing else."""
    agent.groups.clear()
    agent.user_permissions.add(Permission.objects.get(codename="view_session"))
    client = browser()
    client.force_login(agent)
    return client


@pytest.fixture
def left(user: Any, browser: Any, administrator: Any) -> None:
    browser().sign_in(user)
    two_days_ago = timezone.now() - 2 * DAY
    Session.objects.filter(user=user).update(signed_in_at=two_days_ago - DAY)
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, actor=administrator, happened_at=two_days_ago)


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def test_without_any_debt(admin: Any) -> None:
    text = text_of(admin.get(PAGE))
    assert "Total debt 0 s" in text
    assert "End what should not be signed in" not in text


def test_the_debt_is_shown_by_cause_and_user_and_as_a_table(left: None, admin: Any, user: Any) -> None:
    response = admin.get(PAGE)
    text = text_of(response)
    assert "Total debt 48 h" in text or "Total debt 2 d 0 h" in text
    assert "Somebody had to report it 2 d 0 h" in text
    assert f"{user} 2 d 0 h" in text
    assert "People who left 1 1 2 d 0 h 0 s 0" in text
    html = response.content.decode()
    assert html.count('role="img"') == html.count("As a table") == 2
    assert "style=" not in re.sub(r"(?s)<head>.*?</head>", "", html)


def test_what_should_not_be_signed_in_is_named_and_ended(
    admin: Any, user: Any, browser: Any, other_user: Any
) -> None:
    browser().sign_in(user)
    browser().sign_in(other_user)
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    text = text_of(admin.get(PAGE))
    assert f"Disabled accounts 1 {user}" in text
    assert "1 sign-in was ended." in text_of(admin.post(PAGE, follow=True))
    assert Session.objects.get(user=user).end_reason == EndReason.ACCOUNT_DISABLED
    assert Session.objects.get(user=other_user).ended_at is None
    assert "Disabled accounts 0" in text_of(admin.get(PAGE))


def test_whoever_may_only_look_ends_nothing(staff: Any, user: Any, browser: Any) -> None:
    browser().sign_in(user)
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    text = text_of(staff.get(PAGE))
    assert "Disabled accounts 1" in text
    assert "End what should not be signed in" not in text
    assert staff.post(PAGE).status_code == 403
    assert Session.objects.get(user=user).ended_at is None


def test_whoever_may_not_look_at_sessions_sees_nothing(staff: Any, agent: Any) -> None:
    agent.user_permissions.clear()
    assert staff.get(PAGE).status_code == 403


def test_the_statements_of_the_page_are_fixed(
    left: None, admin: Any, browser: Any, other_user: Any, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(20):
        admin.get(PAGE)
    for _ in range(4):
        browser().sign_in(other_user)
    end_user_sessions(user=other_user, reason=EndReason.HELP_DESK, happened_at=timezone.now() - DAY)
    with django_assert_max_num_queries(20):
        admin.get(PAGE)


def test_an_act_shows_its_proof(admin: Any, administrator: Any, user: Any, browser: Any) -> None:
    browser().sign_in(user)
    two_days_ago = timezone.now() - 2 * DAY
    Session.objects.filter(user=user).update(signed_in_at=two_days_ago - DAY)
    end_user_sessions(user=user, reason=EndReason.HELP_DESK, actor=administrator, happened_at=two_days_ago)
    deliver_due()
    act = Act.objects.get()
    page = admin.get(f"/admin/sessions_ui/act/{act.pk}/change/")
    text = text_of(page)
    assert "Proof" in text
    assert "Time to containment 2 d 0 h" in text
    assert "Turned away since then 0 of 1" in text
    assert "First request refused not yet" in text
    assert "1 in total, 0 still open, 0 given up" in text
    assert user.email in text
    session = Session.objects.get(user=user)
    assert session.public_id in text and session.digest not in page.content.decode()


def test_an_act_that_is_not_there_is_no_error(admin: Any) -> None:
    assert admin.get("/admin/sessions_ui/act/0b5b8f5c-2f0e-4f36-9d2c-7a8f6c9f0a11/change/").status_code == 302


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(minutes=2), "2 min"),
        (timedelta(hours=5, minutes=12), "5 h 12 min"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
    ],
)
def test_how_long_is_said_in_two_units_at_most(passed: timedelta, text: str) -> None:
    assert duration(passed) == text


def test_a_little_is_not_nothing() -> None:
    assert [minutes(timedelta(seconds=seconds)) for seconds in (0, 1, 60, 61)] == [0, 1, 1, 2]
