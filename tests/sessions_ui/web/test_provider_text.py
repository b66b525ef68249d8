"""People who sign in by way of a provider read what a sign-out here does not do."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui.wording.sessions import provider_text


def test_nobody_is_told_of_a_provider_they_do_not_use() -> None:
    assert provider_text([]) == ""


def test_a_provider_has_the_name_that_the_settings_give_it(settings: Any) -> None:
    settings.SESSIONS_UI = {"PROVIDERS": {"corp": {"name": "Example ID"}}}
    assert provider_text(["corp", "google"]) == "This doesn’t sign you out of Example ID or Google."


@pytest.mark.django_db
def test_the_devices_page_says_so(browser: Any, user: Any, signed_in: Any) -> None:
    text = "This doesn’t sign you out of"
    laptop = browser()
    laptop.sign_in(user)
    assert text not in laptop.get("/account/devices/").content.decode()
    signed_in(user, provider="google")
    assert f"{text} Google." in laptop.get("/account/devices/").content.decode()
