"""Whether the session that acts vouches for itself, as a host's packages may ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sessions_ui import acts_settled, context
from sessions_ui.context import Acting
from sessions_ui.store import SessionStore
from tests.aging import settle

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


def test_nobody_acts_outside_of_a_request(laptop: Any, user: Any) -> None:
    assert acts_settled(user=user) is None


def test_a_session_of_days_on_a_confirmed_device_is_settled(laptop: Any, user: Any) -> None:
    with acting(laptop):
        assert acts_settled(user=user) is True


def test_a_thief_of_the_password_is_not(laptop: Any, user: Any, browser: Any) -> None:
    thief = browser(user_agent=THIEF)
    thief.sign_in(user)
    with acting(thief):
        assert acts_settled(user=user) is False


def test_whoever_acts_in_another_account_says_nothing_about_this_one(
    laptop: Any, user: Any, other_user: Any
) -> None:
    with acting(laptop):
        assert acts_settled(user=other_user) is None
