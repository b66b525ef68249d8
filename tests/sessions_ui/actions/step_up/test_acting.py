"""Whether the session that acts vouches for itself, as a host's packages may ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui import acts_as_owner, acts_settled, context
from sessions_ui.actions.step_up.codes import send_code
from sessions_ui.context import Acting
from sessions_ui.store import SessionStore
from tests.aging import settle
from tests.models import Session, VerificationCode

pytestmark = pytest.mark.django_db
THIEF = "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0"


@contextmanager
def acting(client: Any) -> Iterator[None]:
    token = context.begin(Acting(SessionStore(client.cookies["sessionid"].value)))
    try:
        yield
    finally:
        context.finish(token)


@pytest.fixture
def laptop(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    settle(user)
    return client


@pytest.fixture
def thief(laptop: Any, user: Any, browser: Any) -> Any:
    client = browser(user_agent=THIEF)
    client.sign_in(user)
    return client


def test_nobody_acts_outside_of_a_request(laptop: Any, user: Any) -> None:
    assert acts_settled(user=user) is None


def test_a_session_of_days_on_a_confirmed_device_is_settled(laptop: Any, user: Any) -> None:
    with acting(laptop):
        assert acts_settled(user=user) is True


def test_a_thief_of_the_password_is_not(thief: Any, user: Any) -> None:
    with acting(thief):
        assert acts_settled(user=user) is False


def test_whoever_acts_in_another_account_says_nothing_about_this_one(
    laptop: Any, user: Any, other_user: Any
) -> None:
    with acting(laptop):
        assert acts_settled(user=other_user) is None


def give_code(user: Any) -> None:
    """As the latest session of this user."""
    purpose = VerificationCode.Purpose.CREDENTIAL
    session = Session.objects.filter(user=user).latest("pk")
    send_code(user=user, session_id=session.pk, purpose=purpose)
    VerificationCode.objects.filter(session_id=session.pk).update(given_at=timezone.now())


@pytest.mark.parametrize("by_code", [True, False])
def test_a_session_that_gave_a_mailed_code_acts_as_the_owner_where_that_will_do(
    by_code: bool, thief: Any, user: Any
) -> None:
    with acting(thief):
        assert acts_as_owner(user=user, by_code=by_code) is False
    give_code(user)
    with acting(thief):
        assert acts_as_owner(user=user, by_code=by_code) is by_code


def test_a_code_that_another_session_gave_makes_no_owner_of_this_one(
    thief: Any, user: Any, browser: Any
) -> None:
    browser().sign_in(user)
    give_code(user)
    with acting(thief):
        assert acts_as_owner(user=user, by_code=True) is False
