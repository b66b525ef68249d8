"""What `manage.py check` says about how people sign in on this site."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

SHORTEST = 32  # characters


def factor_keys(**kwargs: Any) -> list[checks.CheckMessage]:
    hint = 'Set FACTOR_KEYS, for example to what `python -c "import secrets; print(secrets.token_urlsafe(48))"` prints.'
    if not settings.FACTOR_KEYS:
        return [
            checks.Error(
                "FACTOR_KEYS is empty: nobody can set up a second factor, because its secret is not stored plain.",
                hint=hint,
                id="accounts.E001",
            )
        ]
    if any(len(key) < SHORTEST for key in settings.FACTOR_KEYS):
        return [
            checks.Error(
                f"A key in FACTOR_KEYS is shorter than {SHORTEST} characters.", hint=hint, id="accounts.E001"
            )
        ]
    if {settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS} & set(settings.FACTOR_KEYS):
        return [
            checks.Error(
                "A key in FACTOR_KEYS is SECRET_KEY: whoever reads one of them has both.",
                hint=hint,
                id="accounts.E002",
            )
        ]
    return []
