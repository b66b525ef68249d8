"""What makes a logout token one, and what does not (OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from sessions_ui.sso import LogoutTokenRefused, verify_logout_token
from tests.openid.provider import CLIENT, EVENT, Key, Provider


def refusal(token: str) -> str:
    with pytest.raises(LogoutTokenRefused) as refused:
        verify_logout_token(token)
    return str(refused.value)


def test_a_sound_one_says_who(provider: Provider) -> None:
    told = verify_logout_token(provider.logout_token(sub="ada", sid="s1"))
    assert (told.iss, told.sub, told.sid) == (provider.issuer, "ada", "s1")
    assert told.provider.name == "Example ID"


def test_an_elliptic_signature_counts(provider: Provider, other_key: Key) -> None:
    provider.rotate(other_key)
    assert verify_logout_token(provider.logout_token(sub="ada")).sub == "ada"


def from_now(seconds: int) -> Callable[[], int]:
    """Counted when the test runs, which may be minutes after it was collected."""
    return lambda: int(time.time()) + seconds


def resolved(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value() if callable(value) else value for name, value in changes.items()}


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"aud": ["another", CLIENT]},
        {"sub": None, "sid": "s1"},
        {"iat": from_now(-200)},
        {"iat": from_now(30)},
        {"events": {EVENT: {}, "another": {}}},
    ],
)
def test_what_the_standard_allows_is_accepted(changes: dict[str, Any], provider: Provider) -> None:
    assert verify_logout_token(provider.logout_token(**{"sub": "ada", **resolved(changes)}))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"iss": "https://elsewhere.example"}, "unknown issuer"),
        ({"iss": None}, "unknown issuer"),
        ({"iss": ["https://elsewhere.example"]}, "unknown issuer"),
        ({"aud": "another-site"}, "not valid: InvalidAudienceError"),
        ({"aud": None}, "not valid: MissingRequiredClaimError"),
        ({"iat": None}, "not valid: MissingRequiredClaimError"),
        ({"iat": from_now(600)}, "not valid: ImmatureSignatureError"),
        ({"iat": from_now(-600)}, "too old"),
        ({"iat": "yesterday"}, "not valid: InvalidIssuedAtError"),
        ({"exp": from_now(-90)}, "not valid: ExpiredSignatureError"),
        ({"jti": None}, "not valid: MissingRequiredClaimError"),
        ({"jti": ""}, "jti is empty"),
        ({"events": None}, "not valid: MissingRequiredClaimError"),
        ({"events": {}}, "events does not say logout"),
        ({"events": [EVENT]}, "events does not say logout"),
        ({"events": {EVENT: True}}, "events does not say logout"),
        ({"nonce": "n"}, "nonce is not allowed"),
        ({"sub": None}, "neither sub nor sid"),
        ({"sub": "", "sid": ""}, "neither sub nor sid"),
        ({"sid": 7}, "sid is not a text"),
        ({"sid": "a\0b"}, "sid is not a text"),
        ({"sid": "\ud800"}, "sid is not a text"),
    ],
)
def test_a_logout_token_is_refused_for_what_it_says(
    changes: dict[str, Any], text: str, provider: Provider
) -> None:
    assert refusal(provider.logout_token(**{"sub": "ada", **resolved(changes)})) == text


@pytest.mark.parametrize("kind", ["at+jwt", "secevent+jwt", 7, ["logout+jwt"], True])
def test_a_token_of_another_kind_is_refused(kind: Any, provider: Provider) -> None:
    assert refusal(provider.key.sign(provider.claims(sub="ada"), typ=kind)) == "not a logout token"


def test_a_token_without_a_kind_is_taken_for_one(provider: Provider) -> None:
    assert verify_logout_token(provider.key.sign(provider.claims(sub="ada"), typ=""))


@pytest.mark.control("NHI4:2025")
def test_no_signature_is_refused(provider: Provider) -> None:
    unsigned = jwt.encode(provider.claims(sub="ada"), None, algorithm="none")
    assert refusal(unsigned) == "this algorithm is not accepted"
    assert provider.asked == []


@pytest.mark.control("NHI4:2025")
def test_a_public_key_is_no_shared_secret(provider: Provider) -> None:
    """The best known of all forgeries: HS256 with the public key, which everybody has."""
    public = provider.key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims, secret = provider.claims(sub="ada"), base64.urlsafe_b64encode(public).decode()
    assert refusal(jwt.encode(claims, secret, algorithm="HS256")) == "this algorithm is not accepted"


def test_the_signature_of_somebody_else_is_refused(provider: Provider) -> None:
    stranger = Key("RS256", kid=provider.key.kid)
    assert refusal(stranger.sign(provider.claims(sub="ada"))) == "not valid: InvalidSignatureError"


def test_a_changed_token_is_refused(provider: Provider) -> None:
    head, _, signature = provider.logout_token(sub="ada").split(".")
    claims = base64.urlsafe_b64encode(json.dumps(provider.claims(sub="grace")).encode()).rstrip(b"=").decode()
    assert refusal(f"{head}.{claims}.{signature}") == "not valid: InvalidSignatureError"


def test_a_key_for_encryption_signs_nothing(provider: Provider) -> None:
    provider.key.public["use"] = "enc"
    try:
        assert refusal(provider.logout_token(sub="ada")) == "unknown key"
    finally:
        provider.key.public["use"] = "sig"


def test_deep_junk_is_refused() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 5000).decode().rstrip("=")
    assert refusal(f"{deep}.{deep}.x") == "not a JSON Web Token"


def test_a_very_long_one_is_not_read() -> None:
    assert refusal("a" * 20_000) == "no logout token, or a very long one"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["iss", "sub", "sid", "aud", "iat", "exp", "nbf", "jti", "events", "nonce"])


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@given(text=st.text(max_size=200))
def test_junk_is_refused_and_nothing_else(text: str) -> None:
    refusal(text)


@given(header=json_values, claims=json_values, signature=st.binary(max_size=20))
def test_whatever_looks_like_a_token_is_refused(header: Any, claims: Any, signature: bytes) -> None:
    refusal(f"{part(header)}.{part(claims)}.{base64.urlsafe_b64encode(signature).decode()}")
