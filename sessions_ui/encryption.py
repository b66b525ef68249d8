"""Encrypt secrets that the database must hold but no reader of a dump may use.

Needs the package `cryptography` (the extra `webhooks`), which is imported when there is something to encrypt.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sessions_ui.conf.secret_keys import secrets_of_settings
from sessions_ui.exceptions import Undecipherable

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

__all__ = ["KeyRing", "Undecipherable", "decrypt", "encrypt"]


class KeyRing:
    """Encrypt with the first of several secrets, and decrypt with each of them, so that replacing one loses nothing.

    `secrets` is called each time and returns them: text or bytes, long and random. `purpose` keeps what is encrypted
    for one thing from being decrypted as another, where both are made from the same secrets.
    """

    def __init__(self, secrets: Callable[[], Sequence[str | bytes]], *, purpose: str) -> None:
        self._secrets = secrets
        self._purpose = purpose.encode()

    def encrypt(self, text: str) -> str:
        """Return the text encrypted, another one each time. Raises `ValueError` where there is no secret."""
        return self._ciphers(at_least_one=True)[0].encrypt(text.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        """Return the text. Raises `Undecipherable` where none of the secrets has encrypted it."""
        for cipher in self._ciphers():
            if (text := _opened(cipher, encrypted)) is not None:
                return text
        raise Undecipherable("encrypted with a key that is gone")

    def is_current(self, encrypted: str) -> bool:
        """Return whether the first of the secrets has encrypted it, so that it stays when the others go."""
        return any(_opened(cipher, encrypted) is not None for cipher in self._ciphers()[:1])

    def _ciphers(self, *, at_least_one: bool = False) -> list[Fernet]:
        from cryptography.fernet import Fernet

        secrets = self._secrets()
        if at_least_one and not secrets:
            raise ValueError("There is no key to encrypt with.")
        return [Fernet(self._key(secret)) for secret in secrets]

    def _key(self, secret: str | bytes) -> bytes:
        material = secret if isinstance(secret, bytes) else secret.encode()
        return base64.urlsafe_b64encode(hmac.digest(material, self._purpose, "sha256"))


def _opened(cipher: Fernet, encrypted: str) -> str | None:
    from cryptography.fernet import InvalidToken

    try:
        return cipher.decrypt(encrypted.encode()).decode()
    except InvalidToken:
        return None


# Made from SECRET_KEY and its fallbacks.
_OF_THE_SITE = KeyRing(secrets_of_settings, purpose="sessions_ui.encryption")
encrypt = _OF_THE_SITE.encrypt
decrypt = _OF_THE_SITE.decrypt
