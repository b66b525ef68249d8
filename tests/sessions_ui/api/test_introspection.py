"""RFC 7662: what a resource server is told of a token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.tokens.create import NewToken
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.scopes import withheld
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.conf import conf
from sessions_ui.exceptions import TokenRefusal, TokenRefused
from sessions_ui.web.tokens.forms import TokenForm
from tests.models import AccessToken, EndReason, Session
from tests.sessions_ui.api.conftest import Program

pytestmark = pytest.mark.django_db

URL = "/api/token/introspect"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def server(user: Any, other_user: Any, make_token: Any, program: type[Program]) -> Program:
    """A resource server, which has a token of its own, of a service account."""
    make_service_account(user=other_user, owner=user)
    return program(make_token(other_user, scopes=["tokens:introspect"]))


def ask(client: Client, value: str, **more: str) -> Any:
    body = "&".join(f"{name}={text}" for name, text in {"token": value, **more}.items())
    return client.post(URL, body, content_type=FORM)


def test_of_a_valid_token_what_a_server_decides_by(server: Program, user: Any, make_token: Any) -> None:
    ends = timezone.now() + timedelta(days=3)
    made: NewToken = make_token(
        user, scopes=["sessions:read", "sessions:end"], expires_at=ends, agent="Claude"
    )
    answer = ask(server, made.value)
    session = made.token.session
    assert session.signed_in_at is not None
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == {
        "active": True,
        "scope": "sessions:end sessions:read",
        "client_id": session.public_id,
        "token_type": "Bearer",
        "exp": int(ends.timestamp()),
        "iat": int(session.signed_in_at.timestamp()),
        "sub": str(user.pk),
        "act": {"sub": "Claude"},
        "iss": "https://devices.example",
    }
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies


def test_a_name_is_told_that_is_no_address(
    server: Program, user: Any, make_token: Any, monkeypatch: Any
) -> None:
    made = make_token(user)
    assert "username" not in ask(server, made.value).json()
    monkeypatch.setattr(type(user), "get_username", lambda self: "ada")
    assert "username" not in ask(server, made.value).json(), "the field is that of the address"
    monkeypatch.setattr(type(user), "USERNAME_FIELD", "first_name")
    assert ask(server, made.value).json()["username"] == "ada"
    monkeypatch.setattr(type(user), "get_username", lambda self: "ada@people.example")
    assert "username" not in ask(server, made.value).json()


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "id_token", ""])
def test_the_hint_changes_nothing(server: Program, user: Any, make_token: Any, hint: str) -> None:
    assert ask(server, make_token(user).value, token_type_hint=hint).json()["active"] is True


@pytest.mark.parametrize("value", ["no", "sui_pat_" + "a" * 46, "%00", "%FF%FE", "a" * 4096, "ü"])
def test_of_what_is_none_nothing_but_that(server: Program, value: str) -> None:
    assert ask(server, value).json() == {"active": False}


@pytest.mark.parametrize("reason", [EndReason.ADMINISTRATOR, EndReason.LEAKED])
def test_of_one_that_has_ended_nothing_but_that(
    server: Program, user: Any, make_token: Any, reason: EndReason
) -> None:
    made = make_token(user)
    end_session(session=made.token.session, reason=reason)
    assert ask(server, made.value).json() == {"active": False}
    assert Session.objects.get(pk=made.token.pk).refused_at is not None


def test_a_former_value_ends_with_its_overlap(server: Program, user: Any, make_token: Any) -> None:
    made = make_token(user)
    rotate_token(token=made.token)
    overlap = AccessToken.objects.get(pk=made.token.pk).overlap_ends_at
    assert overlap is not None
    assert ask(server, made.value).json()["exp"] == int(overlap.timestamp())
    assert AccessToken.objects.get(pk=made.token.pk).former_used_at is not None


def test_being_asked_about_is_a_use_and_says_nothing_of_where(
    server: Program, user: Any, make_token: Any, time_machine: Any
) -> None:
    made = make_token(user)
    now = timezone.now() + timedelta(minutes=5)
    time_machine.move_to(now, tick=False)
    ask(server, made.value)
    session = Session.objects.get(pk=made.token.pk)
    assert (session.last_seen_at, session.address, session.user_agent) == (now, None, "")


def test_it_takes_a_scope_of_its_own_and_no_cookie(
    user: Any, make_token: Any, program: type[Program]
) -> None:
    made = make_token(user)
    answer = ask(program(made), made.value)
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert 'scope="tokens:introspect"' in answer["WWW-Authenticate"]
    browser = Client()
    browser.force_login(user)
    answer = ask(browser, made.value)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


@pytest.mark.parametrize(
    ("body", "content_type", "description"),
    [
        ("&", FORM, "The parameter `token` is missing."),
        ("token=", FORM, "The parameter `token` is missing."),
        ("tocken=a", FORM, "The parameter `token` is missing."),
        ("token=a&token=b", FORM, "A parameter is given twice."),
        ("token=a&token_type_hint=b&token_type_hint=c", FORM, "A parameter is given twice."),
        ("token=" + "a" * 5000, FORM, "The parameter `token` is too long."),
        ("token=" + "a" * 3_000_000, FORM, "The body cannot be read."),
        ("&".join(f"a{i}=1" for i in range(2000)), FORM, "The body cannot be read."),
        ('{"token": "a"}', "application/json", f"The body has to be {FORM}."),
        ("token=a", "text/plain", f"The body has to be {FORM}."),
        ("token=a", f"{FORM}; charset=latin-1", "The body cannot be read."),
        ("x", "multipart/form-data; boundary=b", f"The body has to be {FORM}."),
    ],
    ids=range(12),
)
@pytest.mark.parametrize("url", [URL, "/api/token/revoke"])
def test_a_form_that_cannot_be_understood(
    server: Program, url: str, body: str, content_type: str, description: str
) -> None:
    answer = server.post(url, body, content_type=content_type)
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_request", "error_description": description}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("url", [URL, "/api/token/revoke"])
def test_a_token_in_the_address_is_not_read_and_nothing_but_post_is_taken(
    server: Program, user: Any, make_token: Any, url: str
) -> None:
    value = make_token(user).value
    assert server.post(f"{url}?token={value}", "", content_type=FORM).status_code == 400
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD"):
        answer = server.generic(method, f"{url}?token={value}")
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
        assert answer["Content-Type"] == "application/problem+json" and "no-store" in answer["Cache-Control"]
        assert method == "HEAD" or answer.json()["type"] == "urn:sessions-ui:method-not-allowed"


def test_three_statements(
    server: Program, user: Any, make_token: Any, django_assert_num_queries: Any
) -> None:
    made = make_token(user)
    ask(server, made.value)
    with django_assert_num_queries(3):
        ask(server, made.value)


# --- who may ask


def may_ask(client: Client, value: str) -> bool:
    return bool(ask(client, value).status_code == 200)


@pytest.fixture
def scopes_of_programs(settings: Any) -> list[str]:
    """Those of the app, and one of the host's own."""
    own = {"reports:read": "Read reports", "reports:all": "Read everybody's reports"}
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SCOPES": own, "PROGRAM_SCOPES": ["reports:all"]}
    assert "reports:read" not in conf.program_scopes <= {*conf.scopes}
    return sorted(conf.program_scopes)


@pytest.mark.parametrize("who", ["anybody", "a manager", "a service account", "a superuser"])
def test_a_scope_for_programs_is_not_for_everybody(
    who: str, scopes_of_programs: list[str], user: Any, other_user: Any, make_token: Any
) -> None:
    allow(who, user, other_user)
    assert "tokens:introspect" in scopes_of_programs
    for scope in scopes_of_programs:
        if who == "anybody":
            with pytest.raises(TokenRefused) as refused:
                make_token(user, scopes=["reports:read", scope])
            assert refused.value.reason is TokenRefusal.WITHHELD_SCOPE
        else:
            make_token(user, scopes=[scope])
        offered = dict(TokenForm(user).fields["scopes"].choices)  # type: ignore[attr-defined]
        assert (scope in offered) is (who != "anybody") and "reports:read" in offered
    make_token(user, scopes=["reports:read"])


def allow(who: str, user: Any, owner: Any) -> None:
    if who == "a manager":
        user.user_permissions.add(Permission.objects.get(codename="manage_tokens"))
        user.is_staff = True
        user.save()
    elif who == "a service account":
        make_service_account(user=user, owner=owner)
    elif who == "a superuser":
        type(user).objects.filter(pk=user.pk).update(is_superuser=True, is_staff=True)
        user.refresh_from_db()


def test_what_somebody_may_no_longer_do_their_token_does_not(
    user: Any, other_user: Any, make_token: Any, program: type[Program]
) -> None:
    allow("a manager", user, other_user)
    asking, made = program(make_token(user, scopes=["tokens:introspect"])), make_token(other_user)
    assert may_ask(asking, made.value)
    user.user_permissions.clear()
    answer = ask(asking, made.value)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]
    assert asking.post("/api/token/revoke", f"token={made.value}", content_type=FORM).status_code == 403
    assert Session.objects.living().filter(pk=made.token.pk).exists()


def test_other_scopes_cost_nothing(user: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert withheld(user, ["sessions:read", "sessions:end"]) == frozenset()
