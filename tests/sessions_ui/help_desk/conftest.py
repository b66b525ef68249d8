"""An agent at the desk, a caller with devices, and a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.help_desk.caller import verify_caller
from sessions_ui.actions.help_desk.open import open_case
from tests.conftest import make_person
from tests.models import Case, Session

CHROME_ON_ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
    "Mobile Safari/537.36"
)


def shown_now(request: Any) -> Any:
    """For `SECOND_FACTOR_AT`: the factor itself is tried in tests/stories and tests/browser."""
    return timezone.now()


def never_shown(request: Any) -> Any:
    return None


@pytest.fixture
def desk(agent: Any, browser: Any, settings: Any) -> Any:
    """The agent's browser, with a second factor shown just now."""
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "SECOND_FACTOR_AT": "tests.sessions_ui.help_desk.conftest.shown_now",
    }
    client = browser()
    client.force_login(agent)
    return client


@pytest.fixture
def phone(user: Any, browser: Any) -> Any:
    client = browser(user_agent=CHROME_ON_ANDROID)
    client.sign_in(user)
    return client


@pytest.fixture
def laptop(user: Any, browser: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


@pytest.fixture
def case(agent: Any, user: Any) -> Case:
    """Opened, the caller not verified yet."""
    return open_case(agent=agent, term=user.email)


@pytest.fixture
def verified(case: Case, agent: Any) -> Case:
    verify_caller(case=case, agent=agent, ticket="INC-7", reason=Case.Reason.LOST, ways=["call_back"])
    return case


@pytest.fixture
def proven(verified: Case) -> Case:
    """The same, the code read back."""
    Case.objects.filter(pk=verified.pk).update(proven_at=timezone.now(), proof=Case.Proof.CODE)
    verified.refresh_from_db()
    return verified


@pytest.fixture
def colleague(agent: Any) -> Any:
    """A second agent."""
    colleague = make_person("colleague@staff.example", is_staff=True)
    colleague.groups.set(agent.groups.all())
    return colleague


@pytest.fixture
def device_of() -> Callable[[Any], str]:
    """The public id of the device that this browser is signed in on."""

    def of(client: Any) -> str:
        row = Session.objects.get(pk=client.session.session_id)
        assert row.device is not None
        return row.device.public_id

    return of
