"""Who is meant by what somebody typed."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from sessions_ui.actions.help_desk.find_user import users_exactly
from sessions_ui.models import Session
from sessions_ui.models.primary import all_users


def account_called(option: str, name: str) -> Any:
    """Return the primary key of the one user with exactly this e-mail address or user name.

    Nothing is guessed: raises `CommandError`, which names the option, where there is none or more than one.
    """
    found = users_exactly(name)
    if not found:
        raise CommandError(f"{option}: no account matches {name!r} exactly.")
    if len(found) > 1:
        keys = ", ".join(sorted(map(str, found)))
        raise CommandError(f"{option}: {len(found)} accounts match {name!r}; their primary keys: {keys}.")
    return found[0]


def account_with_key(option: str, text: str) -> Any:
    """Return this primary key of an account, which may have been deleted since its sessions ended.

    Raises `CommandError` where it is none, and where neither an account nor a session has it.
    """
    field: Any = get_user_model()._meta.pk
    try:
        key = field.clean(text, None)
    except ValidationError:
        raise CommandError(f"{option}: {text!r} is no primary key of an account.") from None
    if not (all_users().filter(pk=key).exists() or Session.objects.filter(user_id=key).exists()):
        raise CommandError(f"{option}: there is no account {text}, and no session of one.")
    return key
