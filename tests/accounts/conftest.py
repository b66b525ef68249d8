"""People with a second factor, and what their authenticator app shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from config.demo.factor import current_code

SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def app_code() -> Iterator[Callable[[], str]]:
    """What an authenticator app shows now. Time stands still, so that no half minute ends before the code is used."""
    with time_machine.travel(timezone.now(), tick=False):
        yield lambda: current_code(SECRET)


@pytest.fixture
def user_with_totp(user: Any) -> Any:
    TOTP.activate(user, SECRET)
    return user


@pytest.fixture
def recovery_codes(user_with_totp: Any) -> list[str]:
    return RecoveryCodes.activate(user_with_totp).get_unused_codes()


@pytest.fixture
def security_key(user_with_totp: Any) -> Authenticator:
    """A key as a browser would have registered it, without a browser."""
    public_key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    credential = AttestedCredentialData.create(b"\0" * 16, b"blue key", public_key)
    data = AuthenticatorData.create(
        sha256(b"testserver"), AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT, 0, credential
    )
    client = CollectedClientData.create("webauthn.create", b"challenge", "https://testserver")
    response = {
        "clientDataJSON": websafe_encode(client),
        "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
    }
    key_id = websafe_encode(b"blue key")
    return Authenticator.objects.create(
        user=user_with_totp,
        type=Authenticator.Type.WEBAUTHN,
        data={
            "name": "Blue key",
            "credential": {"id": key_id, "rawId": key_id, "type": "public-key", "response": response},
        },
    )
