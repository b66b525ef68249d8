"""The provider's keys: kept, asked for anew when they must be, and never believed from elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sessions_ui.conf import conf
from sessions_ui.sso import LogoutTokenRefused, documents, keys, verify_logout_token
from tests.openid.provider import Key, Provider, running

DISCOVERY = "/.well-known/openid-configuration"
DRIPS = 600  # ten a second: far more than are waited for


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`clock(seconds)` moves the time of the cache, and nothing else's."""
    passed = [0.0]

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return time.monotonic() + passed[0]

    monkeypatch.setattr(keys, "time", Clock)
    yield lambda seconds: passed.__setitem__(0, passed[0] + seconds)


def is_accepted(token: str) -> bool:
    try:
        verify_logout_token(token)
    except LogoutTokenRefused:
        return False
    return True


def error_of(token: str) -> str:
    with pytest.raises(LogoutTokenRefused) as refused:
        verify_logout_token(token)
    return refused.value.error


def test_a_providers_keys_are_found_by_discovery_and_kept(provider: Provider) -> None:
    assert is_accepted(provider.logout_token(sub="ada"))
    assert is_accepted(provider.logout_token(sub="grace"))
    assert provider.asked == [DISCOVERY, "/keys"]


def test_a_configured_address_needs_no_discovery(provider: Provider, settings: Any) -> None:
    options = provider.settings(jwks_uri=f"{provider.issuer}/keys")
    settings.SESSIONS_UI = {"PROVIDERS": {"example": options}}
    assert is_accepted(provider.logout_token(sub="ada"))
    assert provider.asked == ["/keys"]


def test_a_providers_keys_are_not_kept_for_ever(provider: Provider, clock: Any) -> None:
    assert is_accepted(provider.logout_token(sub="ada"))
    withdrawn = provider.logout_token(sub="ada")
    provider.rotate(Key("ES256"))
    clock(conf.provider_keys_age.total_seconds() + 1)
    assert not is_accepted(withdrawn)


def test_an_unknown_key_is_asked_for(provider: Provider, clock: Any) -> None:
    assert is_accepted(provider.logout_token(sub="ada"))
    provider.rotate(Key("ES256"))
    clock(keys.SECONDS_BETWEEN)
    assert is_accepted(provider.logout_token(sub="ada"))


def test_unknown_keys_become_no_flood_at_the_provider(provider: Provider) -> None:
    stranger = Key("ES256")
    for _ in range(5):
        assert not is_accepted(stranger.sign(provider.claims(sub="ada")))
    assert provider.asked == [DISCOVERY, "/keys"]


def test_a_provider_that_is_down_is_asked_once_in_a_while(provider: Provider, clock: Any) -> None:
    provider.answers["/keys"] = None
    for _ in range(5):
        assert error_of(provider.logout_token(sub="ada")) == "temporarily_unavailable"
    assert provider.asked == [DISCOVERY, "/keys"]
    provider.answers["/keys"] = {"keys": [provider.key.public]}
    clock(keys.SECONDS_BETWEEN)
    assert is_accepted(provider.logout_token(sub="ada"))


def test_a_redirect_is_not_followed(provider: Provider, rsa_key: Key) -> None:
    with running(rsa_key) as elsewhere:
        provider.answers["/keys"] = lambda handler: handler.redirect(f"{elsewhere.issuer}/keys")
        assert error_of(provider.logout_token(sub="ada")) == "temporarily_unavailable"
        assert elsewhere.asked == []


def test_a_discovery_that_speaks_for_another_issuer_is_not_believed(provider: Provider) -> None:
    provider.answers[DISCOVERY]["issuer"] = "https://elsewhere.example"
    assert error_of(provider.logout_token(sub="ada")) == "temporarily_unavailable"
    assert provider.asked == [DISCOVERY]


@pytest.mark.parametrize(
    "answer",
    [
        b"not json",
        b"[" * 100_000,
        b"[]",
        b'{"keys": 1}',
        b'{"keys": [1, null, {"kty": "RSA"}, {"kty": []}]}',
        b" " * (documents.LARGEST + 1),
        b"\xff\xfe\x00",
    ],
)
def test_nonsense_is_no_key(answer: bytes, provider: Provider) -> None:
    provider.answers["/keys"] = lambda handler: handler.answer(answer)
    assert not is_accepted(provider.logout_token(sub="ada"))


def test_an_answer_that_drips_is_given_up(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "SECONDS", 0.4)
    dripped: list[int] = []

    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(DRIPS):
            handler.wfile.write(b" ")
            dripped.append(1)
            time.sleep(0.1)

    provider.answers["/keys"] = drip
    assert error_of(provider.logout_token(sub="ada")) == "temporarily_unavailable"
    assert len(dripped) < DRIPS, "it was given up before it was over"


def test_http_is_refused_where_nobody_allowed_it(provider: Provider) -> None:
    with pytest.raises(documents.DocumentUnavailable):
        documents.get_document(f"{provider.issuer}/keys")
    assert provider.asked == []


def test_without_an_id_the_only_fitting_key_is_meant(provider: Provider) -> None:
    assert is_accepted(provider.key.sign(provider.claims(sub="ada"), kid=None))


def test_without_an_id_two_keys_are_ambiguous(provider: Provider) -> None:
    provider.keys.append(Key("RS256"))
    assert not is_accepted(provider.key.sign(provider.claims(sub="ada"), kid=None))


def test_the_settings_are_read_anew(provider: Provider, settings: Any) -> None:
    """A provider that was taken out may end nothing any more."""
    assert is_accepted(provider.logout_token(sub="ada"))
    settings.SESSIONS_UI = {"PROVIDERS": {}}
    assert not is_accepted(provider.logout_token(sub="ada"))
    assert conf.logout_token_age == timedelta(minutes=5)
