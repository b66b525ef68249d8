"""What a suspected browser is told to forget."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.conf import conf
from tests.models import EndReason

pytestmark = pytest.mark.django_db
HEADER = "Clear-Site-Data"


@pytest.fixture
def refused(browser: Any, user: Any) -> Any:
    """`refused(reason, path=…, **headers)`: the answer to the first request after an ending."""

    def ask(
        reason: EndReason, path: str = "/account/devices/", *, secure: bool = True, **headers: str
    ) -> Any:
        laptop = browser()
        laptop.sign_in(user)
        end_user_sessions(user=user, reason=reason)
        return laptop.get(path, secure=secure, headers=headers)

    return ask


@pytest.mark.parametrize("reason", EndReason)
def test_by_default_only_where_somebody_is_suspected(refused: Any, reason: EndReason) -> None:
    suspicious = {"device_lost", "not_me", "suspicious", "incident"}
    assert refused(reason).has_header(HEADER) == (reason in suspicious)
    assert set(conf.clear_site_data) == suspicious


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/account/devices/", {}),
        ("/account/devices/", {"hx-request": "true"}),
        ("/account/devices/", {"accept": "application/json"}),
        ("/account/login/", {}),
    ],
    ids=["page", "htmx", "program", "page for anybody"],
)
def test_every_answer_to_that_browser_says_it(refused: Any, path: str, headers: dict[str, str]) -> None:
    response = refused(EndReason.DEVICE_LOST, path, **headers)
    assert response[HEADER] == '"cache", "storage"'


def test_plain_http_does_not(refused: Any) -> None:
    assert not refused(EndReason.DEVICE_LOST, secure=False).has_header(HEADER)


def test_the_setting_names_the_reasons(refused: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CLEAR_SITE_DATA": ["help_desk"]}
    assert refused(EndReason.HELP_DESK).has_header(HEADER)
    assert not refused(EndReason.DEVICE_LOST).has_header(HEADER)


def test_clear_site_data_is_said_once(browser: Any, user: Any) -> None:
    laptop = browser()
    laptop.sign_in(user)
    end_user_sessions(user=user, reason=EndReason.DEVICE_LOST)
    assert laptop.get("/account/devices/", secure=True).has_header(HEADER)
    assert not laptop.get("/account/login/", secure=True).has_header(HEADER)
