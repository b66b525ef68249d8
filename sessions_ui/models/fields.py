"""Column types and defaults that several models share."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.crypto import get_random_string

PUBLIC_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: can be read out on the phone
PUBLIC_ID_LENGTH = 16


def new_public_id() -> str:
    """80 random bits, unrelated to any key: names a row in a URL or to the help desk."""
    return get_random_string(PUBLIC_ID_LENGTH, PUBLIC_ID_ALPHABET)


def user_key(related_name: str, **options: Any) -> models.ForeignKey:
    """A reference to the user that survives the user.

    The history of an account outlives it, and the users may be in another database. So the database does not
    enforce the reference, and deleting a user deletes nothing here: what they left is ended, and purged after
    the retention time.
    """
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name=related_name,
        **options,
    )
