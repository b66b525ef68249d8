"""Mails of the host project that wait: they may have a link that resets a password, so they are kept encrypted."""

from __future__ import annotations

import json

from django.core.mail import EmailMessage, EmailMultiAlternatives

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.encryption import decrypt, encrypt
from sessions_ui.exceptions import Undecipherable


def seal(message: EmailMessage) -> str:
    """Return the mail as encrypted text for a row. Attachments are left out."""
    return encrypt(
        json.dumps(
            {
                "subject": str(message.subject),
                "body": str(message.body),
                "from_email": message.from_email,
                "to": list(message.to),
                "headers": {name: str(value) for name, value in message.extra_headers.items()},
                "alternatives": [list(part) for part in getattr(message, "alternatives", [])],
                "subtype": message.content_subtype,
            }
        )
    )


def unseal(sealed: str) -> EmailMessage:
    """Return the mail that `seal()` was given. Raises `DeliveryFailed` where the key is gone."""
    try:
        fields = json.loads(decrypt(sealed))
    except Undecipherable as error:
        raise DeliveryFailed("it cannot be read any more", permanent=True) from error
    subtype = fields.pop("subtype")
    message = EmailMultiAlternatives(**fields)
    message.content_subtype = subtype
    return message
