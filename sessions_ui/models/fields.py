"""Column types and defaults that several models share."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models, router
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor, ForwardOneToOneDescriptor
from django.utils.crypto import get_random_string

PUBLIC_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: can be read out on the phone
PUBLIC_ID_LENGTH = 16


def new_public_id() -> str:
    """Return 80 random bits, unrelated to any key, to name a row in a URL or to the help desk."""
    return get_random_string(PUBLIC_ID_LENGTH, PUBLIC_ID_ALPHABET)


class CodeField(models.CharField):
    """One value of a `TextChoices`. Migrations leave the choices out, so that a new reason or kind changes no table."""

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        options.pop("choices", None)
        return name, "django.db.models.CharField", args, options


class _FromThePrimary:
    """Follow a row to its user as the user is in the database that is written to."""

    def get_queryset(self, **hints: Any) -> models.QuerySet[Any]:
        users: models.QuerySet[Any] = super().get_queryset(**hints)  # type: ignore[misc]
        return users.using(router.db_for_write(users.model, **hints))


class UserOfRow(_FromThePrimary, ForwardManyToOneDescriptor):
    """Reads `session.user` and the like."""


class OneUserOfRow(_FromThePrimary, ForwardOneToOneDescriptor):
    """Reads `state.user`."""


class UserKey(models.ForeignKey):
    """A foreign key to the user. To migrations it is Django's own."""

    forward_related_accessor_class = UserOfRow

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, options


class OneUserKey(models.OneToOneField):
    """A one-to-one key to the user. To migrations it is Django's own."""

    forward_related_accessor_class = OneUserOfRow

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.OneToOneField", args, options


def user_key(related_name: str, **options: Any) -> models.ForeignKey:
    """Return a reference to the user that survives the user.

    The history of an account outlives it, and the users may be in another database. So the database does not enforce
    the reference, and deleting a user deletes nothing here: what they left is ended, and purged after the retention
    time.
    """
    return UserKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name=related_name,
        **options,
    )
