"""Signing in with a passkey alone: the question is in a cookie, and makes no session before it is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
import time_machine
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.contrib.auth import SESSION_KEY
from django.urls import reverse
from django.utils import timezone
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from sessions_ui import models
from tests.models import Session

pytestmark = pytest.mark.django_db

URL = "/account/2fa/webauthn/login/"
ORIGIN = "https://testserver"
FLAG = AuthenticatorData.FLAG
HANDLE = b"a passkey"


@pytest.fixture
def answer(user: Any) -> Callable[[str], str]:
    """What the passkey of `user` says to a challenge, as the page's script posts it."""
    private = ec.generate_private_key(ec.SECP256R1())
    credential = AttestedCredentialData.create(
        b"\0" * 16, HANDLE, ES256.from_cryptography_key(private.public_key())
    )
    rp = sha256(b"testserver").digest()
    made = AuthenticatorData.create(rp, FLAG.UP | FLAG.UV | FLAG.AT, 0, credential)
    name = websafe_encode(HANDLE)
    registered = {
        "clientDataJSON": websafe_encode(CollectedClientData.create("webauthn.create", b"x", ORIGIN)),
        "attestationObject": websafe_encode(AttestationObject.create("none", made, {})),
    }
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={
            "name": "Passkey",
            "credential": {"id": name, "rawId": name, "type": "public-key", "response": registered},
        },
    )

    def signed(challenge: str) -> str:
        client = CollectedClientData.create("webauthn.get", challenge, ORIGIN)
        shown = AuthenticatorData.create(rp, FLAG.UP | FLAG.UV, 1)
        response = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(shown),
            "signature": websafe_encode(private.sign(bytes(shown) + client.hash, ec.ECDSA(SHA256()))),
            "userHandle": websafe_encode(user_pk_to_url_str(user).encode()),
        }
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    return signed


def challenge(here: Any) -> str:
    response = here.get(URL, headers={"accept": "application/json"})
    return str(response.json()["request_options"]["publicKey"]["challenge"])


def test_asking_how_to_sign_in_makes_no_session_however_often(browser: Any) -> None:
    for _ in range(20):
        here = browser()
        challenge(here)
        assert set(here.cookies) == {"__Host-passkey"}
    assert not Session.objects.exists()


def test_the_question_is_in_a_cookie_that_no_script_reads_for_five_minutes(browser: Any) -> None:
    here = browser()
    challenge(here)
    cookie = here.cookies["__Host-passkey"]
    assert cookie["httponly"] and cookie["secure"] and cookie["samesite"] == "Strict"
    assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", 300)


def test_the_right_answer_signs_in(browser: Any, user: Any, answer: Callable[[str], str]) -> None:
    here = browser()
    response = here.post(URL, {"credential": answer(challenge(here))})
    assert response.status_code == 302 and here.session[SESSION_KEY] == str(user.pk)
    assert models.Session.objects.of(user).get().method == "passkey"
    assert response.cookies["__Host-passkey"].value == "", "the question is over"


def test_a_wrong_answer_leaves_no_session_behind(browser: Any, answer: Callable[[str], str]) -> None:
    here = browser()
    challenge(here)
    wrong = answer(websafe_encode(b"another question, of another browser"))
    response = here.post(URL, {"credential": wrong})
    assert response.status_code == 302 and response.url == reverse("account_login")
    assert not Session.objects.exists()


def test_an_answer_counts_once(browser: Any, answer: Callable[[str], str]) -> None:
    """Whoever has copied the cookie and the answer cannot send them again."""
    here, copied = browser(), browser()
    given = answer(challenge(here))
    copied.cookies.load(here.cookies.output(header=""))
    here.post(URL, {"credential": given})
    copied.post(URL, {"credential": given})
    assert SESSION_KEY in here.session and SESSION_KEY not in copied.session


def test_a_question_is_over_after_five_minutes(browser: Any, answer: Callable[[str], str]) -> None:
    here = browser()
    given = answer(challenge(here))
    with time_machine.travel(timezone.now() + timedelta(seconds=301)):
        here.post(URL, {"credential": given})
    assert SESSION_KEY not in here.session


@pytest.mark.parametrize("cookie", ["", "nonsense", "e30:1abcde:nonsense"])
def test_a_cookie_that_we_did_not_make_asks_nothing(
    cookie: str, browser: Any, answer: Callable[[str], str]
) -> None:
    here = browser()
    given = answer(challenge(here))
    here.cookies["__Host-passkey"] = cookie
    here.post(URL, {"credential": given})
    assert SESSION_KEY not in here.session
