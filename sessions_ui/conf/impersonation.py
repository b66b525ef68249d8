"""Impersonation."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from sessions_ui.conf.base import Section


class ImpersonationSettings(Section):
    """Impersonation (docs/impersonation.md)"""

    @cached_property
    def impersonation_timeout(self) -> timedelta:
        """Staff uses somebody's account for so long at most."""
        return self._given.get("IMPERSONATION_TIMEOUT", timedelta(hours=1))

    @cached_property
    def impersonation_mail(self) -> bool:
        """Tell people by mail, too, that staff uses their account. The devices page says so in any case."""
        return self._given.get("IMPERSONATION_MAIL", True)

    @cached_property
    def owner_only_models(self) -> frozenset[str]:
        """Models (`app_label.Model`) whose rows, those of their proxies and children included, say who may sign in:
        staff that uses an account cannot save or delete them. Read when the site starts. The user model's password,
        addresses, names and rights are among them without being named; the default adds allauth's."""
        return frozenset(
            self._given.get(
                "OWNER_ONLY_MODELS",
                ("account.EmailAddress", "mfa.Authenticator", "socialaccount.SocialAccount"),
            )
        )
