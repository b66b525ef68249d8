"""The authorization code flow: the person's browser has a session of ours, the program a token of the package's."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from ending import sign_out_everywhere
from oauth2_provider.models import Application, get_application_model

VERIFIER = "a-verifier-of-more-than-forty-three-characters-as-the-rfc-asks"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT = "https://program.example/back"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", "ada@example.org", "a password", is_staff=True)


@pytest.fixture
def program(ada: User) -> Application:
    return get_application_model().objects.create(
        name="Program",
        user=ada,
        client_id="program",
        client_type="public",
        authorization_grant_type="authorization-code",
        redirect_uris=REDIRECT,
    )


ASKED = {
    "client_id": "program",
    "response_type": "code",
    "redirect_uri": REDIRECT,
    "scope": "read",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def sign_in(client: Client) -> None:
    answer = client.post("/admin/login/?next=/whoami", {"username": "ada", "password": "a password"})
    assert answer.status_code == 302


def allow(client: Client) -> str:
    """The token that the program gets once the person has allowed it."""
    answer = client.post("/o/authorize/", {**ASKED, "allow": "Authorize"})
    code = parse_qs(urlsplit(answer["Location"]).query)["code"][0]
    answer = client.post(
        "/o/token/",
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "client_id": "program",
            "code_verifier": VERIFIER,
        },
    )
    return answer.json()["access_token"]


def resource(token: str) -> tuple[int, str]:
    answer = Client().get("/resource", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.content.decode()


def test_nobody_is_asked_to_sign_in(client: Client, program: Application) -> None:
    answer = client.get("/o/authorize/", ASKED)
    assert answer.status_code == 302 and answer["Location"].startswith("/admin/login/?next=/o/authorize/")


def test_a_person_is_asked_and_the_program_gets_its_token(client: Client, program: Application) -> None:
    sign_in(client)
    assert client.get("/o/authorize/", ASKED).status_code == 200
    assert resource(allow(client)) == (200, "ada")


def test_a_bearer_signs_in_without_a_session(client: Client, program: Application) -> None:
    sign_in(client)
    token = allow(client)
    program_client = Client(headers={"Authorization": f"Bearer {token}"})
    assert program_client.get("/whoami").content == b"ada"
    assert "sessionid" not in program_client.cookies


def test_who_was_signed_out_can_allow_nothing(client: Client, ada: User, program: Application) -> None:
    sign_in(client)
    sign_out_everywhere(ada)
    answer = client.post("/o/authorize/", {**ASKED, "allow": "Authorize"})
    assert answer.status_code == 302 and answer["Location"].startswith("/admin/login/")
