"""What was shown at a sign-in, as the store of credentials knows it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.recovery.sign_in import shown_now, verify_still_there
from sessions_ui.assurance import Authentication
from sessions_ui.credentials import Credential, CredentialKind, CredentialStore
from sessions_ui.exceptions import SignInRefused

KEY = Credential(CredentialKind.PASSKEY, "key", "key", None)


class Store(CredentialStore):
    """Knows one key that is gone, and what a request has shown."""

    def are_gone(self, user: Any, shown: Any) -> bool:
        assert shown, "it is asked about nothing"
        return "gone" in shown

    def shown(self, request: Any, user: Any) -> list[Credential] | None:
        return [KEY] if (request.key, user) == ("key", "ada") else None


@pytest.fixture(autouse=True)
def _store(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIALS": f"{__name__}.Store"}


def shown(*credentials: str) -> list[Authentication]:
    return [Authentication("webauthn", timezone.now(), credential=one) for one in credentials]


@pytest.mark.parametrize("credentials", [(), ("",), ("there",), ("there", "")])
def test_what_is_still_there_may_sign_in_and_a_password_has_no_name(credentials: tuple[str, ...]) -> None:
    verify_still_there("ada", shown(*credentials))


@pytest.mark.parametrize("credentials", [("gone",), ("", "gone"), ("there", "gone")])
def test_what_has_been_removed_since_it_was_shown_may_not(credentials: tuple[str, ...]) -> None:
    with pytest.raises(SignInRefused, match="factor_changed"):
        verify_still_there("ada", shown(*credentials))


@pytest.mark.parametrize(
    ("acting", "found"),
    [
        (None, None),
        (context.Acting(), None),
        (context.Acting(request=SimpleNamespace(key="")), None),  # type: ignore[arg-type]
        (context.Acting(request=SimpleNamespace(key="key")), [KEY]),  # type: ignore[arg-type]
    ],
)
def test_the_request_that_acts_says_what_was_shown_and_without_one_nobody_knows(
    acting: context.Acting | None, found: list[Credential] | None
) -> None:
    if acting is None:
        assert shown_now("ada") is found
        return
    token = context.begin(acting)
    try:
        assert shown_now("ada") == found
    finally:
        context.finish(token)
