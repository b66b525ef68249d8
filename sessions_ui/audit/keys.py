"""The keys that sign checkpoints. They come from the settings, never from the database (`SEAL_KEY`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.views.decorators.debug import sensitive_variables

from sessions_ui.conf import conf
from sessions_ui.verify import Malformed, key_id, read_public_keys

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PEM = "-----BEGIN "


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and what it is called."""

    id: str
    _private: Ed25519PrivateKey

    def sign(self, text: str) -> bytes:
        return self._private.sign(text.encode())

    @property
    def public(self) -> Ed25519PublicKey:
        return self._private.public_key()


@sensitive_variables("text")
def signing_key() -> SigningKey | None:
    """Return the key that signs now; None where the site has none. Raises `ImproperlyConfigured` for one that is not
    of use."""
    if not conf.seal_key:
        return None
    text = _text("SEAL_KEY", conf.seal_key)
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError as error:
        raise ImproperlyConfigured(
            "SEAL_KEY needs the package cryptography (the extra sessions-ui[audit])."
        ) from error
    try:
        private = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What the library says may quote the text.
        raise ImproperlyConfigured("SEAL_KEY is not a private key in PEM, without a password.") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise ImproperlyConfigured("SEAL_KEY is not a key of Ed25519.")
    return SigningKey(key_id(private.public_key().public_bytes_raw()), private)


def former_keys() -> dict[str, Ed25519PublicKey]:
    """Return the public keys that have signed before, by id. Raises `ImproperlyConfigured`."""
    if not conf.seal_former_keys:
        return {}
    try:
        found = read_public_keys(_text("SEAL_FORMER_KEYS", conf.seal_former_keys))
    except (Malformed, ImportError) as error:
        raise ImproperlyConfigured(f"SEAL_FORMER_KEYS: {error}") from error
    if not found:
        raise ImproperlyConfigured("SEAL_FORMER_KEYS has no public key in PEM.")
    return found


def public_keys() -> dict[str, Ed25519PublicKey]:
    """Return the public keys whose signatures the site believes, by id; the one that signs now comes first."""
    key = signing_key()
    return {**({key.id: key.public} if key else {}), **former_keys()}


@sensitive_variables("given")
def _text(setting: str, given: str) -> str:
    if PEM in given:
        return given
    try:
        return Path(given).read_text()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise ImproperlyConfigured(f"{setting}: the file cannot be read ({why}).") from None


def new_key() -> str:
    """Return a new private key in PEM."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = Ed25519PrivateKey.generate()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: Ed25519PublicKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
