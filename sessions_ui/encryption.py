"""Encrypt secrets that the database must hold but no reader of a dump may use, with a key made from SECRET_KEY.

Needs the package `cryptography` (the extra `webhooks`), which is imported when there is something to encrypt.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from sessions_ui.conf.secret_keys import secrets_of_settings
from sessions_ui.exceptions import SessionsUIError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Undecipherable(SessionsUIError):
    """Neither SECRET_KEY nor one of its fallbacks has encrypted this."""


def encrypt(text: str) -> str:
    return _cipher().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    from cryptography.fernet import InvalidToken

    try:
        return _cipher().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Undecipherable("encrypted with a SECRET_KEY that is gone") from error


def _cipher() -> MultiFernet:
    """Return a cipher that encrypts with the current secret and decrypts with former ones too.

    So rotating SECRET_KEY loses nothing.
    """
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet([Fernet(_key(secret)) for secret in secrets_of_settings()])


def _key(secret: str | bytes) -> bytes:
    material = secret if isinstance(secret, bytes) else secret.encode()
    return base64.urlsafe_b64encode(hmac.digest(material, b"sessions_ui.encryption", "sha256"))
