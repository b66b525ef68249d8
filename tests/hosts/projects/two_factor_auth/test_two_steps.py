"""A sign-in in two steps through the package's own wizard: password, then a code of the authenticator."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from ending import sign_out_everywhere

LOGIN = "/account/login/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", "ada@example.org", "a password")


@pytest.fixture
def authenticator(ada: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=ada, name="default")


def give_password(client: Client, password: str = "a password"):
    return client.post(
        LOGIN,
        {"auth-username": "ada", "auth-password": password, "login_view-current_step": "auth"},
    )


def give_code(client: Client, authenticator: TOTPDevice):
    code = totp(authenticator.bin_key, authenticator.step, authenticator.t0, authenticator.digits)
    return client.post(
        LOGIN,
        {"token-otp_token": f"{code:06}", "login_view-current_step": "token"},
    )


def who(client: Client) -> str:
    return client.get("/whoami").content.decode()


def test_one_step_where_there_is_no_second_factor(client: Client, ada: User) -> None:
    assert give_password(client).status_code == 302
    assert who(client) == "ada verified=False"


def test_a_wrong_password_signs_nobody_in(client: Client, ada: User) -> None:
    assert give_password(client, "another").status_code == 200
    assert who(client) == " verified=False"


def test_two_steps(client: Client, authenticator: TOTPDevice) -> None:
    assert give_password(client).status_code == 200
    assert who(client) == " verified=False"
    assert give_code(client, authenticator).status_code == 302
    assert who(client) == "ada verified=True"
    assert client.get("/secret").status_code == 200


def test_signing_out(client: Client, authenticator: TOTPDevice) -> None:
    give_password(client)
    give_code(client, authenticator)
    client.logout()
    assert who(client) == " verified=False"


def test_setting_up_a_second_factor_needs_the_session_throughout(client: Client, ada: User) -> None:
    give_password(client)
    assert client.get("/account/two_factor/setup/").status_code == 200
    answer = client.post("/account/two_factor/setup/", {"setup_view-current_step": "welcome"})
    assert answer.status_code == 200 and "generator-token" in answer.content.decode()


def test_an_ended_session_is_neither_signed_in_nor_verified(
    client: Client, ada: User, authenticator: TOTPDevice
) -> None:
    give_password(client)
    give_code(client, authenticator)
    sign_out_everywhere(ada)
    assert client.get("/secret").status_code == 302
    assert who(client) == " verified=False"
