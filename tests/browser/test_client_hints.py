"""A real browser answers `Accept-CH` with the sign-in form, and runs the sign-in page's script under the policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 "
    "Safari/605.1.15"
)


@pytest.mark.parametrize("asks", [True, False])
def test_the_sign_in_form_brings_the_hints_that_its_page_asked_for(
    visitor: Callable[..., Visitor], user: Any, settings: Any, asks: bool
) -> None:
    if not asks:
        settings.SESSIONS_UI = settings.SESSIONS_UI | {"SIGN_IN_PAGES": ()}
    here = visitor()
    sent: list[dict[str, str]] = []
    here.page.on(
        "request", lambda request: sent.append(request.all_headers()) if request.method == "POST" else None
    )
    here.sign_in_by_hand(user)
    assert '"Chromium";v="' in sent[0]["sec-ch-ua"]  # comes by itself
    assert ("sec-ch-ua-platform-version" in sent[0]) is asks
    assert ('"Chromium";v="' in sent[0].get("sec-ch-ua-full-version-list", "")) is asks
    assert here.complaints == []


@pytest.mark.parametrize(("fingers", "told"), [(5, True), (0, False)])
def test_the_script_tells_an_ipad_that_says_it_is_a_mac(
    visitor: Callable[..., Visitor], fingers: int, told: bool
) -> None:
    here = visitor(user_agent=SAFARI)
    if fingers:
        here.context.new_cdp_session(here.page).send(
            "Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": fingers}
        )
    here.go("/account/login/")
    cookies = {cookie["name"]: cookie["value"] for cookie in here.context.cookies()}
    assert (cookies.get("sessions_ui_touch") == "1") is told
    assert here.complaints == []
