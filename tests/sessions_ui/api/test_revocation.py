"""RFC 7009: a program ends a token."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.exceptions import BearerRefused
from tests.models import EndReason, Event, Session
from tests.sessions_ui.api.conftest import Program

pytestmark = pytest.mark.django_db

URL = "/api/token/revoke"
FORM = "application/x-www-form-urlencoded"


def revoke(client: Client, value: str, **more: str) -> Any:
    body = "&".join(f"{name}={text}" for name, text in {"token": value, **more}.items())
    return client.post(URL, body, content_type=FORM)


def is_valid(value: str) -> bool:
    try:
        authenticate_token(value)
    except BearerRefused:
        return False
    return True


def ended(token: Any) -> tuple[str, Any]:
    event = Event.objects.get(kind=Event.Kind.ENDED, session_id=token.pk)
    return event.reason, event.actor_id


@pytest.mark.parametrize("presents", ["in the form", "in both"])
def test_whoever_has_a_token_ends_it(
    presents: str, user: Any, make_token: Any, program: type[Program]
) -> None:
    made, other = make_token(user), make_token(user)
    client = program(made) if presents == "in both" else Client(enforce_csrf_checks=True)
    answer = revoke(client, made.value)
    assert (answer.status_code, answer.content, dict(answer.cookies)) == (200, b"", {})
    assert "no-store" in answer["Cache-Control"]
    assert not is_valid(made.value) and is_valid(other.value)
    assert ended(made.token) == (EndReason.SIGNED_OUT, user.pk)


def test_the_former_value_ends_both(user: Any, make_token: Any) -> None:
    made = make_token(user)
    new = rotate_token(token=made.token)
    assert revoke(Client(), made.value).status_code == 200
    assert not is_valid(new.value) and not is_valid(made.value)


def test_the_same_account_ends_another_of_its_tokens(
    user: Any, make_token: Any, program: type[Program]
) -> None:
    asking, made = make_token(user), make_token(user)
    assert revoke(program(asking), made.value).status_code == 200
    assert not is_valid(made.value) and is_valid(asking.value)
    assert ended(made.token) == (EndReason.API, user.pk)


def test_a_resource_server_ends_anybodys_and_others_do_not(
    user: Any, other_user: Any, make_token: Any, program: type[Program]
) -> None:
    made = make_token(user)
    answer = revoke(program(make_token(other_user)), made.value)
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]
    assert is_valid(made.value)
    make_service_account(user=other_user, owner=user)
    server = program(make_token(other_user, scopes=["tokens:introspect"]))
    assert revoke(server, made.value).status_code == 200
    assert not is_valid(made.value)
    assert ended(made.token) == (EndReason.API, other_user.pk)


def test_twice_is_as_good_as_once(user: Any, make_token: Any) -> None:
    made = make_token(user)
    for _ in range(2):
        assert revoke(Client(), made.value).status_code == 200
    assert Event.objects.filter(kind=Event.Kind.ENDED, session_id=made.token.pk).count() == 1


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "no such type", ""])
def test_the_hint_does_not_matter_for_a_token(user: Any, make_token: Any, hint: str) -> None:
    made = make_token(user)
    assert revoke(Client(), made.value, token_type_hint=hint).status_code == 200
    assert not is_valid(made.value)


@pytest.mark.parametrize(("hint", "status"), [("", 200), ("access_token", 200), ("refresh_token", 400)])
def test_nobody_is_told_that_a_refresh_token_is_revoked_which_nobody_here_knows(
    hint: str, status: int, user: Any
) -> None:
    answer = revoke(Client(), "of-another-package", token_type_hint=hint)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["error"] == "unsupported_token_type"


def test_a_bad_token_in_the_header_revokes_nothing(user: Any, make_token: Any) -> None:
    made = make_token(user)
    for header, status in (("Bearer no", 401), ("Basic YTpi", 401), ("Bearer a b", 400)):
        answer = Client(headers={"authorization": header}).post(URL, f"token={made.value}", content_type=FORM)
        assert answer.status_code == status and answer.has_header("WWW-Authenticate")
    assert is_valid(made.value)


def test_a_cookie_says_nothing_here(user: Any, other_user: Any, make_token: Any) -> None:
    made = make_token(user)
    browser = Client()
    browser.force_login(other_user)
    before = Session.objects.of(other_user).values().get()
    assert revoke(browser, made.value).status_code == 200
    assert ended(made.token) == (EndReason.SIGNED_OUT, user.pk)
    assert Session.objects.of(other_user).values().get() == before


def test_another_address_is_not_found(user: Any, make_token: Any, program: type[Program]) -> None:
    assert program(make_token(user)).post(f"{URL}/", "token=a", content_type=FORM).status_code == 404
