"""A provider that signs nonsense is refused, or understood; it never breaks anything."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings

from sessions_ui.sso import LogoutTokenRefused, verify_logout_token
from tests.openid.provider import Provider
from tests.sessions_ui.sso.test_logout_token import json_values, names


@settings(max_examples=150)
@given(name=names, value=json_values)
@pytest.mark.parametrize("sid", ["s1"])
def test_any_value_of_any_claim(name: str, value: Any, sid: str, provider: Provider) -> None:
    claims = {**provider.claims(sub="ada", sid=sid), name: value}
    with contextlib.suppress(LogoutTokenRefused):
        told = verify_logout_token(provider.key.sign(claims))
        assert told.iss == provider.issuer and (told.sub or told.sid)
