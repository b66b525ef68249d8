"""Asking again who is there."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from sessions_ui.conf.base import Section


class ReauthenticationSettings(Section):
    """Asking again"""

    @cached_property
    def reauthentication_age(self) -> timedelta:
        """Signing out other devices, or telling that one was lost, needs a sign-in or a confirmation that is no older
        than this (ASVS 5.0 7.5.1). Reading the page and signing out here never ask."""
        return self._given.get("REAUTHENTICATION_AGE", timedelta(minutes=10))

    @cached_property
    def reauthentication(self) -> str:
        """Dotted path of a `sessions_ui.web.Reauthentication`: how a person confirms it. The app's own asks for the
        password; this site's (`accounts.signing_in.reauthentication.AllauthReauthentication`) offers what
        allauth has: password, passkey, authenticator app, recovery code."""
        return self._given.get("REAUTHENTICATION", "sessions_ui.web.Reauthentication")

    @cached_property
    def reauthentication_tries(self) -> int:
        """So many wrong passwords of one session within `REAUTHENTICATION_AGE` are allowed before it has to wait."""
        return self._given.get("REAUTHENTICATION_TRIES", 5)

    @cached_property
    def help_url(self) -> str:
        """Where people turn who cannot confirm it: an address of the help desk (`https:`, `mailto:`, `tel:` or a
        path). Empty: the pages name none."""
        return self._given.get("HELP_URL", "")
