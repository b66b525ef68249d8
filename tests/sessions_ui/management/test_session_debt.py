"""`manage.py session_debt`: what it says, and when it fails."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from tests.models import EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("it adds up everybody's")]


@pytest.fixture
def reported(user: Any, browser: Any, administrator: Any) -> None:
    """Left an hour ago, by what the administrator says."""
    browser().sign_in(user)
    an_hour_ago = timezone.now() - timedelta(hours=1)
    Session.objects.update(signed_in_at=an_hour_ago)
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, actor=administrator, happened_at=an_hour_ago)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("session_debt", *arguments, stdout=out)
    return out.getvalue()


def test_nothing_is_said_to_be_nothing(db: None) -> None:
    said = run("--max", "0", "--max-living", "0")
    assert "debt: 0 s, of 0 sessions" in said
    assert "  disabled: 0\n" in said


def test_it_says_how_much_whose_and_why(reported: None, user: Any) -> None:
    said = run()
    assert "debt: 3,600 s, of 1 sessions" in said
    assert "    manual: 3,600 s" in said
    assert "  offboarded: 3,600 s, of 1 sessions (0 still live)" in said
    assert f"  user {user.pk}: 3,600 s" in said


@pytest.mark.parametrize(
    ("limit", "exceeded"),
    [
        (("--max", "3500"), "The debt is 3,600 s, more than 3,500."),
        (("--max-manual", "3500"), "The debt that is manual is 3,600 s, more than 3,500."),
        (("--max", "3700"), ""),
        (("--max-delayed", "0", "--max-partial", "0"), ""),
    ],
)
def test_a_limit_that_is_exceeded_fails(reported: None, limit: tuple[str, ...], exceeded: str) -> None:
    if not exceeded:
        run(*limit)
        return
    with pytest.raises(CommandError, match=exceeded) as error:
        run(*limit)
    assert error.value.returncode == 1


def test_what_should_not_be_signed_in_has_a_limit_of_its_own(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    Session.objects.update(last_seen_at=timezone.now() - timedelta(days=100))
    run("--max-living", "0")  # long unused is for somebody to decide
    get_user_model().objects.update(is_active=False)
    run("--max-living", "1")
    with pytest.raises(CommandError, match="1 sessions are signed in that should not be"):
        run("--max-living", "0")


def test_programs_read_it_also_where_a_limit_is_exceeded(reported: None, user: Any) -> None:
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("session_debt", "--json", "--max", "1", stdout=out)
    said = json.loads(out.getvalue())
    assert said["debt_seconds"] == pytest.approx(3600, abs=60)
    assert said["by_cause"].keys() == {"manual", "partial", "delayed"}
    assert said["by_reason"]["offboarded"]["sessions"] == 1
    assert len(said["by_day"]) == 30
    assert said["living"]["unused"] == 0


@pytest.mark.parametrize("days", ["0", "-1", "many", "1000000"])
def test_days_are_a_number(db: None, days: str) -> None:
    with pytest.raises(CommandError):
        run("--days", days)
