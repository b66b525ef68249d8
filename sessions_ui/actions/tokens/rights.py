"""Decide who may make tokens of accounts that are not theirs."""

from __future__ import annotations

from typing import Any

from sessions_ui.conf import conf

MANAGE = "sessions_ui.manage_tokens"


def may_speak_for(actor: Any, account: Any) -> bool:
    """Return whether whoever may manage tokens may make some of the account, or give it to somebody: whoever has such a
    token can do all that the account may. Not of one that may do more than they, nor of their own."""
    if account is None or account.pk == actor.pk:
        return False
    return bool(getattr(actor, "is_superuser", False)) or not conf.help_desk_more_rights(account, actor)
