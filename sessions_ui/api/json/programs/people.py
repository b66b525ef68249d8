"""Which account a key means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import Http404

from sessions_ui.api.json.paging import LARGEST_KEY
from sessions_ui.api.json.problems import Problem
from sessions_ui.models.primary import all_users


def key_of(text: str) -> Any:
    """Return the primary key that this text is; raise `ValueError` where no account could have it."""
    try:
        key = get_user_model()._meta.pk.to_python(text)
    except ValidationError:
        raise ValueError(text) from None
    if str(key).lower() != text.lower() or (isinstance(key, int) and not 0 <= key <= LARGEST_KEY):
        raise ValueError(text)
    return key


def person(text: str) -> Any:
    """Return the account; raise `Http404` where there is none."""
    try:
        found = all_users().filter(pk=key_of(text)).first()
    except ValueError:
        raise Http404 from None
    if found is None:
        raise Http404
    return found


def keys_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return these keys as criteria have them; raise `Problem` for one that no account could have."""
    try:
        return tuple(str(key_of(text)) for text in texts)
    except ValueError as error:
        raise Problem(422, "no-such-account", "No account has this key.", key=str(error)[:64]) from None
