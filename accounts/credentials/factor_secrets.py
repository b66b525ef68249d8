"""Secrets of second factors, encrypted in their rows: a dump of the database signs nobody in.

The keys are FACTOR_KEYS and not SECRET_KEY, because a factor lives for years: SECRET_KEY can be replaced without a look
at these, and the other way round. What is written is marked, so that a plain value of before is told apart and read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import QuerySet

from sessions_ui import KeyRing
from sessions_ui.exceptions import Undecipherable

MARK = "encrypted:"
# Of an authenticator's data: allauth encrypts these and no others. The last one is a list.
SECRETS = ("secret", "seed", "migrated_codes")
BATCH = 100
KEYS = KeyRing(lambda: settings.FACTOR_KEYS, purpose="accounts.factor_secrets")


def seal(text: str) -> str:
    """Return the secret as it is stored. Raises `ImproperlyConfigured` without FACTOR_KEYS: nothing is stored plain."""
    if not settings.FACTOR_KEYS:
        raise ImproperlyConfigured("Set FACTOR_KEYS: secrets of second factors are not stored without.")
    return MARK + KEYS.encrypt(text)


def unseal(stored: str) -> str:
    """Return the secret that was stored, encrypted or, from before, plain. Raises `Undecipherable`."""
    return KEYS.decrypt(stored.removeprefix(MARK)) if stored.startswith(MARK) else stored


def is_current(stored: str) -> bool:
    return stored.startswith(MARK) and KEYS.is_current(stored.removeprefix(MARK))


def same_for_both(stored: Any) -> Any:
    """Return what two stored values have in common where the secret is the same: encrypted, they differ each time. What
    cannot be decrypted is only the same as itself."""
    if not isinstance(stored, str):
        return stored
    try:
        return unseal(stored)
    except Undecipherable:
        return stored


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many authenticators got the current key, and which ones have a key that is gone, by primary key."""

    changed: int
    undecipherable: tuple[int, ...]


def reseal(authenticators: QuerySet[Any]) -> Resealed:
    """Encrypt with the current key what is plain, or encrypted with a former one.

    The factors stay what they are, so no signal is sent and nobody is signed out. Rows are locked in batches, because a
    recovery code that is used meanwhile writes into the same data. It may be interrupted and run again.
    """
    changed, gone, after = 0, [], 0
    while keys := list(
        authenticators.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        with transaction.atomic(using=authenticators.db):
            for row in authenticators.select_for_update().filter(pk__in=keys).order_by("pk"):
                try:
                    data = _with_current_key(row.data)
                except Undecipherable:
                    gone.append(row.pk)
                    continue
                if data != row.data:
                    changed += authenticators.filter(pk=row.pk).update(data=data)
        after = keys[-1]
    return Resealed(changed, tuple(gone))


def _with_current_key(data: dict[str, Any]) -> dict[str, Any]:
    return {name: _resealed(value) if name in SECRETS else value for name, value in data.items()}


def _resealed(stored: Any) -> Any:
    if isinstance(stored, list):
        return [_resealed(each) for each in stored]
    return stored if is_current(stored) else seal(unseal(stored))
