"""The back-channel logout endpoint, asked as a provider asks it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sessions_ui.actions.endings import provider_sign_out as action
from tests.models import EndReason, ProviderSignOut, Session
from tests.openid.fixtures import provider, rsa_key
from tests.openid.provider import Provider
from tests.sessions_ui.actions.sign_in.test_provider import signed_in

__all__ = ["provider", "rsa_key"]
pytestmark = pytest.mark.django_db

URL = "/account/devices/provider-sign-out/"


def post(token: str, **options: Any) -> Any:
    """No cookie, no CSRF token: a provider has none."""
    return Client(enforce_csrf_checks=True).post(URL, {"logout_token": token}, **options)


@pytest.mark.control("ASVS 7.6.1")
def test_a_provider_sign_out_ends_the_session_that_the_token_names(provider: Provider, user: Any) -> None:
    meant = signed_in(user, iss=provider.issuer, sid="s1")
    other = signed_in(user, iss=provider.issuer, sid="s2")
    response = post(provider.logout_token(sub="ada-7", sid="s1"))
    assert (response.status_code, response.json()) == (200, {})
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    meant.refresh_from_db()
    assert meant.end_reason == EndReason.PROVIDER_SIGN_OUT and meant.act.note == "Example ID"
    assert list(Session.objects.living()) == [other]


def test_nothing_left_to_end_is_success(provider: Provider) -> None:
    assert post(provider.logout_token(sub="nobody")).status_code == 200


def test_a_token_works_once(provider: Provider, user: Any) -> None:
    token = provider.logout_token(sub="ada-7")
    assert post(token).status_code == 200
    signed_in(user, iss=provider.issuer)
    response = post(token)
    assert (response.status_code, response.json()) == (
        400,
        {"error": "invalid_request", "error_description": "used before"},
    )
    assert response["Cache-Control"] == "no-store"
    assert Session.objects.living().count() == 1


def test_the_same_id_of_another_logout_token_is_the_same_logout(provider: Provider) -> None:
    """What must not come twice is the `jti`, not the text."""
    assert post(provider.logout_token(sub="ada-7", jti="j1")).status_code == 200
    assert post(provider.logout_token(sub="grace", jti="j1")).status_code == 400


def test_a_failed_ending_leaves_the_token_unused(
    provider: Provider, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = signed_in(user, iss=provider.issuer)
    token = provider.logout_token(sid="s1")
    with monkeypatch.context() as patch:
        patch.setattr(action, "end_provider_sessions", lambda **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            post(token)
    assert ProviderSignOut.objects.get().done_at is None
    assert post(token).status_code == 200
    session.refresh_from_db()
    assert session.ended_at is not None


def test_keys_that_cannot_be_had_say_try_again(provider: Provider) -> None:
    provider.answers["/keys"] = None
    response = post(provider.logout_token(sub="ada-7"))
    assert (response.status_code, response.json()["error"]) == (400, "temporarily_unavailable")


def test_a_look_is_not_allowed(provider: Provider) -> None:
    assert Client().get(URL).status_code == 405


def test_a_site_without_providers_has_no_such_page() -> None:
    assert post("token").status_code == 404


def test_the_sender_s_own_session_has_no_part_in_it(provider: Provider, browser: Any, user: Any) -> None:
    """A signed-in browser that is made to post a token acts for the provider, not for its person."""
    laptop = browser()
    laptop.sign_in(user)
    laptop.post(URL, {"logout_token": provider.logout_token(sub="nobody")})
    assert laptop.get("/account/devices/").status_code == 200


@given(body=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"logout_token={text}".encode()))
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "application/json", "text/plain"]
)
def test_junk_is_a_bad_request(body: bytes, content_type: str, provider: Provider) -> None:
    response = Client().post(URL, body, content_type=content_type)
    assert response.status_code == 400 and json.loads(response.content)["error"] == "invalid_request"
