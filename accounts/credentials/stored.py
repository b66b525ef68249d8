"""What a row of allauth's was before the save that is under way, read once for all who ask (`apps.py` has the order).

Only what says how somebody signs in is read; the rest of a row changes at its every use.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from accounts.credentials.provenance import has_same_secret

WATCHED: dict[str, tuple[str, ...]] = {
    "authenticator": ("user_id", "type", "data"),
    "emailaddress": ("user_id", "email", "verified", "primary"),
    "socialaccount": ("user_id", "provider", "uid"),
}
NAMES = {"user": "user_id"}  # as `update_fields` may call them
BEFORE = "_accounts_before"


def remember(instance: Any, update_fields: Collection[str] | None) -> None:
    """Read the row before it is written: also for an instance that was not fetched but has the key of a row, which it
    writes over. It takes no statement where nothing is written that is watched."""
    instance.__dict__.pop(BEFORE, None)
    names = WATCHED[instance._meta.model_name]
    if instance.pk is not None and written(names, update_fields):
        rows = type(instance)._default_manager.filter(pk=instance.pk)
        instance.__dict__[BEFORE] = rows.values(*names).first()


def before(instance: Any) -> dict[str, Any] | None:
    """Return what the row was; None where there was none, or nothing of this is written."""
    row: dict[str, Any] | None = instance.__dict__.get(BEFORE)
    return row


def is_gone(instance: Any, using: str, update_fields: Collection[str] | None) -> bool:
    """Return whether the row was read before, and has been deleted since: Django would insert it again."""
    was_read = instance.pk is not None and not instance._state.adding and instance._state.db == using
    return was_read and update_fields is None and before(instance) is None


def changed(instance: Any, update_fields: Collection[str] | None) -> set[str]:
    """Return which of the watched columns this save changes: all of them for a new row."""
    names = written(WATCHED[instance._meta.model_name], update_fields)
    row = before(instance)
    if row is None:
        return names
    return {name for name in names if not is_same(name, row[name], getattr(instance, name))}


def is_same(name: str, was: Any, now: Any) -> bool:
    return has_same_secret(was, now) if name == "data" else bool(was == now)


def written(names: Collection[str], update_fields: Collection[str] | None) -> set[str]:
    if update_fields is None:
        return set(names)
    return {NAMES.get(name, name) for name in update_fields} & set(names)
