"""What is signed in and should not be: each kind is found, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.metrics.lingering import CONDITIONS, Kind, lingering
from tests.accounts.test_password import NEW_PASSWORD, change
from tests.models import AccountState, Device, EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("it looks at everybody's")]
DAY = timedelta(days=1)


@pytest.fixture
def laptop(user: Any, other_user: Any, browser: Any) -> Any:
    """Signed in just now, as somebody else is, of whom nothing is ever found."""
    browser().sign_in(other_user)
    client = browser()
    client.sign_in(user)
    return client


def found() -> dict[Kind, int | None]:
    return {each.kind: each.number for each in lingering(timezone.now()) if each.number != 0}


def test_nothing_is_wrong_with_who_has_just_signed_in(laptop: Any) -> None:
    assert found() == {}


def test_an_account_that_was_switched_off(laptop: Any, user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    assert found() == {Kind.DISABLED: 1}


def test_an_account_that_is_gone(laptop: Any, user: Any) -> None:
    user.emailaddress_set.all().delete()
    get_user_model().objects.filter(pk=user.pk)._raw_delete("default")
    assert found() == {Kind.DELETED: 1}


def test_a_leaver_by_date(laptop: Any, user: Any) -> None:
    """A session that something has given more time than the date allows."""
    AccountState.objects.filter(pk=user.pk).update(ends_at=timezone.now() - DAY)
    assert found() == {Kind.LEFT: 1}


def test_a_lost_device_counts_until_it_signs_in_again(laptop: Any, user: Any) -> None:
    mine = Device.objects.filter(user=user)
    mine.update(lost_at=timezone.now())
    assert found() == {Kind.LOST: 1}
    mine.update(lost_at=timezone.now() - DAY)
    assert found() == {}


def test_what_is_older_than_the_last_password_but_not_what_changed_it(
    laptop: Any, user: Any, browser: Any
) -> None:
    change(laptop)
    assert laptop.get("/account/devices/").status_code == 200
    assert found() == {}
    browser().sign_in(user, NEW_PASSWORD)
    assert found() == {}
    Session.objects.filter(user=user).update(signed_in_at=timezone.now() - DAY)
    assert found() == {Kind.BEFORE_PASSWORD: 1}  # the other one; the one that changed it may go on


def test_too_old_and_unused_by_the_settings(laptop: Any, user: Any, settings: Any) -> None:
    mine = Session.objects.filter(user=user)
    mine.update(signed_in_at=timezone.now() - 91 * DAY, last_seen_at=timezone.now() - 31 * DAY)
    assert found() == {Kind.TOO_OLD: 1, Kind.UNUSED: 1}
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "LINGERING_AGE": 92 * DAY, "LINGERING_UNUSED": None}
    assert found() == {Kind.UNUSED: None}


def test_what_has_ended_or_run_out_is_not_among_them(laptop: Any, user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    mine = Session.objects.filter(user=user)
    mine.update(expires_at=timezone.now() - DAY)
    assert found() == {}
    mine.update(expires_at=timezone.now() + DAY)
    end_user_sessions(user=user, reason=EndReason.ACCOUNT_DISABLED)
    assert found() == {}


def test_a_few_are_named(laptop: Any, user: Any, browser: Any) -> None:
    browser().sign_in(user)
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    [disabled, *_others] = lingering(timezone.now(), examples=1)
    assert (disabled.kind, disabled.number) == (Kind.DISABLED, 2)
    assert [session.user for session in disabled.examples] == [user]


def test_one_statement_a_kind(laptop: Any, django_assert_num_queries: Any) -> None:
    assert {*CONDITIONS, Kind.BRIDGED} == {*Kind}  # of the last one nothing is asked where there is no bridge
    with django_assert_num_queries(len(CONDITIONS)):
        lingering(timezone.now(), examples=10)
