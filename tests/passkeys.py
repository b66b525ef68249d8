"""A passkey as a browser would have it, without a browser: allauth registers it, and it signs in for real."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.urls import reverse
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

FLAGS = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
ORIGIN = "https://testserver"


class Passkey:
    """The key of one user. It is there since `added_at`, by whoever was signed in then."""

    def __init__(self, user: Any, name: str, added_at: datetime) -> None:
        self.user = user
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        row = Authenticator(
            user=user,
            type=Authenticator.Type.WEBAUTHN,
            created_at=added_at,
            data={"name": name, "credential": self._registration()},
        )
        # Without the signals of a save: what follows from one is another test's.
        Authenticator.objects.bulk_create([row])

    def _registration(self) -> dict[str, Any]:
        public_key = ES256.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(b"\0" * 16, self.id, public_key)
        flags = FLAGS | AuthenticatorData.FLAG.AT
        data = AuthenticatorData.create(sha256(b"testserver"), flags, 0, credential)
        client = CollectedClientData.create("webauthn.create", b"challenge", ORIGIN)
        return self._named(
            {
                "clientDataJSON": websafe_encode(client),
                "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
            }
        )

    def _named(self, response: dict[str, Any]) -> dict[str, Any]:
        key_id = websafe_encode(self.id)
        return {"id": key_id, "rawId": key_id, "type": "public-key", "response": response}

    def sign_in(self, client: Any) -> Any:
        """Sign in with it alone; return the response."""
        url = reverse("mfa_login_webauthn")
        options = client.get(url, headers={"X-Requested-With": "XMLHttpRequest"}, secure=True).json()
        challenge = websafe_decode(options["request_options"]["publicKey"]["challenge"])
        return client.post(url, {"credential": json.dumps(self._assertion(challenge))}, secure=True)

    def _assertion(self, challenge: bytes) -> dict[str, Any]:
        client = CollectedClientData.create("webauthn.get", challenge, ORIGIN)
        data = AuthenticatorData.create(sha256(b"testserver"), FLAGS, 1)
        signature = self.key.sign(data + client.hash, ec.ECDSA(hashes.SHA256()))
        return self._named(
            {
                "clientDataJSON": websafe_encode(client),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": websafe_encode(user_pk_to_url_str(self.user).encode()),
            }
        )
