"""Sign-in pages that do not exist are told."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui.checks.outside.clients import sign_in_pages


@pytest.mark.parametrize("missing", ["no_such_view", "admin:no_such_view", "nowhere:login"])
def test_a_page_that_is_no_view_is_named(missing: str, settings: Any) -> None:
    settings.SESSIONS_UI = {"SIGN_IN_PAGES": ["account_login", "admin:login", missing]}
    (message,) = sign_in_pages()
    assert message.id == "sessions_ui.W014" and missing in message.msg


def test_the_default_says_nothing_of_packages_that_are_not_there(settings: Any) -> None:
    settings.SESSIONS_UI = {}
    assert sign_in_pages() == []
