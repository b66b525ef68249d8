"""The signed payload of a session row.

All engines read here derive the salt of their signature from the name of their class, which is `SessionStore` in each
of them, and so does ours: what one has written, the other can read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.utils.module_loading import import_string

from sessions_ui.database import moments

SALT = "django.contrib.sessions.SessionStore"


def decode(payload: str) -> tuple[dict[str, Any], datetime] | None:
    """Return the data and when it was saved, which is part of the signature. None for what is corrupt, was signed with
    another key, or was written by another serializer."""
    signer = signing.TimestampSigner(salt=SALT)
    try:
        data = signer.unsign_object(payload, serializer=_serializer())
        saved_at = moments.from_timestamp(signing.b62_decode(payload.rsplit(signer.sep, 2)[1]))
    except Exception:  # a serializer raises what it likes: `SessionBase.decode()` does as here
        return None
    return (data, saved_at) if isinstance(data, dict) else None


def encode(data: dict[str, Any]) -> str:
    return signing.dumps(data, salt=SALT, serializer=_serializer(), compress=True)


def _serializer() -> Any:
    return import_string(settings.SESSION_SERIALIZER)
