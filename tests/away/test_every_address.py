"""Every address of the site, asked and posted to while a service is away: none answers 500."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from tests.away.addresses import addresses
from tests.away.conftest import ALL_OF_THEM, OUTAGES
from tests.bystander import Bystander

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.no_bystander("whoever may do everything does it to rows that are there"),
]


def just_now(request: Any) -> Any:
    """For `SECOND_FACTOR_AT`."""
    return timezone.now()


@pytest.fixture
def boss(administrator: Any, agent: Any, settings: Any) -> Any:
    """May do everything, in the administration and at the help desk."""
    administrator.groups.set(agent.groups.all())
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SECOND_FACTOR_AT": f"{__name__}.just_now"}
    return administrator


@pytest.mark.parametrize(
    "outage",
    [each if each == ALL_OF_THEM else pytest.param(each, marks=pytest.mark.long) for each in OUTAGES],
)
def test_none_answers_500(outage: str, take_away: Callable[..., None], boss: Any, browser: Any) -> None:
    paths = addresses(Bystander())
    take_away(outage)
    failed: dict[str, int] = {}
    for somebody in (None, boss):
        reader = signed_in(browser, somebody)
        for name, path in paths.items():
            answers = {"GET": reader.get(path), "POST": signed_in(browser, somebody).post(path)}
            failed |= {
                f"{method} {name}, {somebody or 'nobody'}": answer.status_code
                for method, answer in answers.items()
                if answer.status_code >= 500
            }
    assert len(paths) > 130 and not failed


def signed_in(browser: Callable[..., Any], somebody: Any) -> Any:
    """A new browser; nobody is signed in there where `somebody` is None."""
    here = browser()
    here.raise_request_exception = False
    if somebody is not None:
        here.force_login(somebody)
    return here
