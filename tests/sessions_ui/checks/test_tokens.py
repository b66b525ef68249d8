"""What the settings say of access tokens."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui.checks.tokens import tokens


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({}, []),
        ({"TOKEN_PREFIX": "acme2"}, []),
        ({"TOKEN_PREFIX": ""}, ["sessions_ui.E140"]),
        ({"TOKEN_PREFIX": "Acme"}, ["sessions_ui.E140"]),
        ({"TOKEN_PREFIX": "acme_"}, ["sessions_ui.E140"]),
        ({"TOKEN_PREFIX": "a" * 21}, ["sessions_ui.E140"]),
        ({"SCOPES": {"orders:read!": "Orders"}}, []),
        ({"SCOPES": {"read orders": "Orders"}}, ["sessions_ui.E141"]),
        ({"SCOPES": {'read"': "Orders"}}, ["sessions_ui.E141"]),
        ({"SCOPES": {"read\\": "Orders"}}, ["sessions_ui.E141"]),
        ({"SCOPES": {"": "Orders"}}, ["sessions_ui.E141"]),
        ({"SCOPES": {"lire_é": "Orders"}}, ["sessions_ui.E141"]),
        ({"SERVICE_ACCOUNTS_OF_LEAVERS": "flag"}, []),
        ({"SERVICE_ACCOUNTS_OF_LEAVERS": "keep"}, ["sessions_ui.E142"]),
    ],
)
def test_what_a_site_may_say(given: Any, ids: list[str], settings: Any) -> None:
    settings.SESSIONS_UI = given
    assert [message.id for message in tokens()] == ids
