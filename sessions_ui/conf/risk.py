"""Judging sign-ins, and what somebody has to show before others are signed out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from sessions_ui.conf.base import Section
from sessions_ui.credentials import CredentialStore, OwnerAddress


class RiskSettings(Section):
    """Judging sign-ins (docs/risk.md)"""

    @cached_property
    def alert_addresses(self) -> Callable[[Any], Iterable[OwnerAddress | tuple[str, datetime | None]]]:
        """Dotted path of a callable that gets the user and returns `(address, verified_at)` of each verified e-mail
        address, `verified_at` None where nobody knows. A new device is told to those verified 30 days ago or earlier,
        else to the oldest: never only to one that a thief has just added. A third element, False, says that the owner
        has removed it: it is told what happens, and neither code nor reset goes there
        (`sessions_ui.credentials.OwnerAddress`). Default: the user model's own address."""
        return import_string(
            self._given.get("ALERT_ADDRESSES", "sessions_ui.actions.sign_in.alert.own_address")
        )

    @cached_property
    def alert_window(self) -> timedelta:
        """Sign-ins that look alike (browser, system, country, verdict) make one mail in this time."""
        return self._given.get("ALERT_WINDOW", timedelta(hours=24))

    @cached_property
    def not_me_link_age(self) -> timedelta:
        """How long the link "This wasn't me" in a mail works."""
        return self._given.get("NOT_ME_LINK_AGE", timedelta(days=7))

    @cached_property
    def password_reset(self) -> Callable[[HttpRequest, Any, str], str | None]:
        """Dotted path of a callable `(request, user, address)` that mails a password reset to `address`, which the help
        desk has ordered, and returns where to go next; None where there is nothing to reset here, as for people who
        sign in through a provider. The default leads to the page that asks for a password reset, Django's or
        allauth's."""
        return import_string(
            self._given.get("PASSWORD_RESET", "sessions_ui.web.recovery.password_reset.to_password_reset")
        )

    @cached_property
    def recovery_freeze(self) -> timedelta:
        """After a report of "This wasn't me", nobody changes passwords, addresses, factors or connected providers of
        the account outside of its recovery, until that is done, and for this time at most. Then what was added since
        the reported sign-in is removed without further ado."""
        return self._given.get("RECOVERY_FREEZE", timedelta(days=7))

    @cached_property
    def recovery_link_age(self) -> timedelta:
        """How long the link to a recovery works that is mailed after "This wasn't me": it sets a new password. Default:
        Django's `PASSWORD_RESET_TIMEOUT`."""
        return self._given.get("RECOVERY_LINK_AGE", timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))

    @cached_property
    def credentials(self) -> type[CredentialStore]:
        """Dotted path of a class (`sessions_ui.credentials.CredentialStore`) that lists and removes what somebody signs
        in with beside the password: factors, passkeys, addresses, connected providers. The default knows none."""
        store: type[CredentialStore] = import_string(
            self._given.get("CREDENTIALS", "sessions_ui.credentials.CredentialStore")
        )
        return store

    @cached_property
    def young_session(self) -> timedelta:
        """A sign-in younger than that vouches for nothing: to sign out devices that were there before it, or to
        confirm another one, takes a further proof. So does one on a device that was never confirmed, unless the account
        began on it. Must be shorter than every absolute timeout: no session would ever be old enough."""
        return self._given.get("YOUNG_SESSION", timedelta(hours=24))

    @cached_property
    def credential_guard(self) -> bool:
        """Changing how an account is signed in to (password, e-mail address, factor, passkey, recovery codes, connected
        provider) takes a further proof in a session that does not vouch for itself, whatever view writes it
        ([risk.md](risk.md), "Who the owner is"). Works where `sessions_ui.web.urls` is included, because that is where
        the proof is given."""
        return self._given.get("CREDENTIAL_GUARD", True)

    @cached_property
    def proof_age(self) -> timedelta:
        """How long a mailed code is good, and how long a further proof counts in the session that gave it."""
        return self._given.get("PROOF_AGE", timedelta(minutes=10))

    @cached_property
    def suspicious_sign_ins(self) -> str:
        """What happens to a sign-in that looks suspicious, and to a session whose browser or system changes midway.
        "flag": it is shown and mailed. "challenge": it waits, signed in as nobody, for a mailed code, unless a second
        factor was shown that is older than `YOUNG_SESSION` or was set up by a session that vouched for itself, as
        `AUTHENTICATION` says; a session that changes has to sign in again. "end": it ends at once."""
        return self._given.get("SUSPICIOUS_SIGN_INS", "flag")
