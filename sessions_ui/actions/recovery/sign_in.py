"""Decide which credentials sign in while an account is being recovered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sessions_ui import context
from sessions_ui.actions.endings.require_password import verify_no_password_is_required
from sessions_ui.actions.recovery.added import is_younger
from sessions_ui.assurance import Authentication
from sessions_ui.conf import conf
from sessions_ui.credentials import Credential
from sessions_ui.exceptions import SignInRefused
from sessions_ui.models import AccountState, EndReason


def verify_credentials(user: Any, method: str, state: AccountState) -> None:
    """Raise `SignInRefused` where what was shown may not sign in now: a password that is void, or what was added to
    the account since the sign-in that its owner did not recognise.

    `state` is that of the account, locked; `method` as `Session.method`. What was there before goes on working, a
    passkey for instance, even though a new password is still to be chosen. No statement, unless the account is being
    recovered.
    """
    if state.recovering_since is None:
        verify_no_password_is_required(state)
        return
    shown = shown_now(user)
    if not shown or "password" in method.split("+"):
        verify_no_password_is_required(state)
    if shown is not None and any(is_younger(one, state.recovering_since) for one in shown):
        raise SignInRefused(EndReason.RECOVERING)


def verify_still_there(user: Any, shown: Iterable[Authentication]) -> None:
    """Raise `SignInRefused` where a credential that was shown has been removed since.

    A sign-in that has checked it waits for the account while the last step of a recovery takes it away; when it goes on
    the account is not being recovered any more. Called under the account's lock.
    """
    names = [one.credential for one in shown if one.credential]
    if names and conf.credentials().are_gone(user, names):
        raise SignInRefused(EndReason.FACTOR_CHANGED)


def shown_now(user: Any) -> list[Credential] | None:
    """Return what the request that acts signs in with, beside a password; None where nobody knows."""
    now = context.current()
    if now is None or now.request is None:
        return None
    return conf.credentials().shown(now.request, user)
