"""Tell the owner that the account has another password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import is_password_usable

from sessions_ui.actions.credentials.changed import credential_changed
from sessions_ui.credentials import CredentialChange, CredentialKind
from sessions_ui.models import Act, Event


def password_changed(user: Any, before: str, act: Act | None = None) -> Event:
    """Record and tell that the password is another one than `before`, as the row had it (a hash).

    `act` is the one that ended sessions because of it. A hash upgrade is no change: the caller leaves it out.
    """
    return credential_changed(
        user=user, kind=CredentialKind.PASSWORD, change=change_of(before, user.password), act=act
    )


def change_of(before: str, now: str) -> CredentialChange:
    """Return what happened to the password: people who sign in through a provider have none (an unusable hash)."""
    if not _is_one(before):
        return CredentialChange.ADDED
    return CredentialChange.CHANGED if _is_one(now) else CredentialChange.REMOVED


def _is_one(encoded: str) -> bool:
    return bool(encoded) and is_password_usable(encoded)
