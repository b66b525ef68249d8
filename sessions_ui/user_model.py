"""What Django asks of a user model, and no more than that: one that is not based on `AbstractBaseUser` may lack it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.utils.crypto import constant_time_compare

LAST_LOGIN = "_sessions_ui_last_login"


def remember_last_login(sender: Any, user: Any = None, **kwargs: Any) -> None:
    """Keep `last_login` as it was before this sign-in, on the user. For the signal `user_logged_in`.

    Django's own receiver writes the new one into the same instance, and it may come before the app's.
    """
    if user is not None:
        user.__dict__[LAST_LOGIN] = user.__dict__.get("last_login")


def last_login_before(user: Any) -> datetime | None:
    """Return the user's `last_login` from before this sign-in; None where nobody knows of one.

    A user model need not have the field, and what stands in its place may be anything.
    """
    found = user.__dict__.pop(LAST_LOGIN, user.__dict__.get("last_login"))
    return found if isinstance(found, datetime) else None


def account_key(user: Any) -> Any:
    """Return the primary key of the account that `user` is, an instance of the user model or of a child of it.

    It is not the child's own, because the first parent of a child of several may be another model.
    """
    return getattr(user, get_user_model()._meta.pk.attname)


def email_field_name() -> str | None:
    """Return the user model's field for the e-mail address, by Django's own rule; None where it has none."""
    user_model = get_user_model()
    name = user_model.get_email_field_name() if hasattr(user_model, "get_email_field_name") else "email"
    return name if name in {field.name for field in user_model._meta.concrete_fields} else None


def is_active(user: Any) -> bool:
    """Return whether the account is active, as `ModelBackend.user_can_authenticate()` does.

    With a model that cannot switch accounts off, every account is active.
    """
    return bool(getattr(user, "is_active", True))


def has_administration() -> bool:
    """Return whether the site has Django's admin."""
    return apps.is_installed("django.contrib.admin")


def enters_administration(user: Any) -> bool:
    """Return whether the account may enter Django's admin, as `AdminSite.has_permission()` has it.

    Where there is no admin, or the model has no word for staff, there is no such door, and everybody stands behind it:
    then permissions alone decide.
    """
    if not has_administration():
        return True
    return is_active(user) and bool(getattr(user, "is_staff", True))


def has_usable_password(user: Any) -> bool:
    """Return whether there is a password to ask for; False where the model has none, as with a directory's accounts."""
    return hasattr(user, "has_usable_password") and bool(user.has_usable_password())


def auth_hash_of(user: Any) -> str:
    """Return the session auth hash, empty for a model without one, as `django.contrib.auth.login()` does."""
    return str(user.get_session_auth_hash()) if hasattr(user, "get_session_auth_hash") else ""


def is_auth_hash_of(user: Any, given: str) -> bool:
    """Return whether this is the user's session auth hash, by the current secret or one of `SECRET_KEY_FALLBACKS`."""
    hashes = (auth_hash_of(user), *fallback_hashes_of(user))
    return any(constant_time_compare(given, auth_hash) for auth_hash in hashes)


def fallback_hashes_of(user: Any) -> Iterator[str]:
    """Yield the session auth hash under each of `SECRET_KEY_FALLBACKS`; none for a model that does not say them."""
    if hasattr(user, "get_session_auth_fallback_hash"):
        yield from user.get_session_auth_fallback_hash()
