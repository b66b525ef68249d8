"""A sign-in by a provider while the provider signs the same person out."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from sessions_ui.actions.endings import provider_sign_out as action
from sessions_ui.actions.sign_in.provider import remember_provider
from sessions_ui.conf.sso import Provider
from sessions_ui.sso import LogoutToken, LogoutTokenRefused
from sessions_ui.store import SessionStore
from tests.races.people import BACKEND, is_signed_in, living
from tests.races.race import ROUNDS, Race

ISSUER = "https://id.example"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`told(sid)`: a token about this session, whose signature is good."""

    def verify(token: str) -> LogoutToken:
        sid, digest = token.split()
        return LogoutToken(Provider("example", "Example ID", ISSUER), digest, ISSUER, "", sid)

    monkeypatch.setattr(action, "verify_logout_token", verify)
    return lambda sid: f"{sid} {uuid.uuid4().hex}"


def sign_in(person: Any, sid: str) -> str | None:
    request = RequestFactory().post("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    remember_provider(request, person, provider="example", iss=ISSUER, sub="ada-7", sid=sid)
    login(request, person, backend=BACKEND)
    request.session.save()
    return request.session.session_key


def test_a_sign_in_never_outlives_its_session_at_the_provider(person: Any, told: Any, race: Race) -> None:
    for number in race.times():
        sid = f"s{number}"
        # Never in a transaction of the host: the page is one of `own_transactions()`.
        key, _ = race.run(partial(sign_in, person, sid), tasks=[partial(action.sign_out_by_token, told(sid))])
        race.is_over(is_signed_in(key) or living(person).exists())


def test_a_token_is_accepted_once_however_many_come_at_once(person: Any, told: Any, at_once: Any) -> None:
    for number in range(ROUNDS // 5):
        sid = f"s{number}"
        sign_in(person, sid)
        token = told(sid)
        results = at_once(*[partial(action.sign_out_by_token, token)] * 3)
        assert sum(isinstance(result, LogoutTokenRefused) for result in results) == 2, results
        assert sum(getattr(result, "ended", 0) for result in results) == 1
