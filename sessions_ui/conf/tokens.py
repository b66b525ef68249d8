"""Access tokens: what they may do, and how long."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from sessions_ui.conf.base import PerUser, Section

# What tokens may do with the app itself. A project's own scopes come beside them.
OWN_SCOPES: dict[str, Any] = {
    "sessions:read": _("See the account’s sessions and devices"),
    "sessions:end": _("Sign out the account’s devices"),
    "devices:rename": _("Rename the account’s devices"),
    "tokens:introspect": _("Check whether anybody’s token is valid"),
    "sessions:admin:read": _("See everybody’s sessions and devices"),
    "sessions:admin:end": _("Sign anybody out"),
    "sessions:admin:write": _("Keep a program’s data with everybody’s sessions"),
    "tokens:admin": _("See, create and end everybody’s access tokens"),
    "incidents:order": _("Sign out many people at once (incident)"),
    "events:read": _("Read everybody’s history"),
    "webhooks:read": _("See where webhooks go, and how each delivery went"),
}


# Those by which a program learns of, or acts on, what is not of its account. Each new one of the kind belongs here.
OWN_PROGRAM_SCOPES = ("tokens:introspect",)

# What may become of the tokens of service accounts whose owner left.
FOR_LEAVERS = ("end", "flag")


class TokenSettings(Section):
    """Access tokens (docs/tokens.md)"""

    @cached_property
    def scopes(self) -> dict[str, Any]:
        """The scopes that a token may have beside those of the app itself (docs/api.md lists them): a dictionary of
        each name to what people read of it. A name is what RFC 6749, 3.3 allows: printable ASCII without space,
        quotation mark and backslash."""
        return {**OWN_SCOPES, **self._given.get("SCOPES", {})}

    @cached_property
    def program_scopes(self) -> frozenset[str]:
        """The scopes that are for programs of the site, beside the app's own (`tokens:introspect`): only a service
        account, or staff with the permission `sessions_ui.manage_tokens`, has a token that may do so."""
        return frozenset({*OWN_PROGRAM_SCOPES, *self._given.get("PROGRAM_SCOPES", ())})

    @cached_property
    def token_max_age(self) -> PerUser[timedelta]:
        """The longest life of an access token. None: as long as somebody likes, but each one has an end. May be a
        callable of the user."""
        return self._per_user("TOKEN_MAX_AGE") if "TOKEN_MAX_AGE" in self._given else timedelta(days=366)

    @cached_property
    def token_limit(self) -> PerUser[int]:
        """How many valid access tokens an account may have; None for any number. May be a callable of the user."""
        return self._per_user("TOKEN_LIMIT") if "TOKEN_LIMIT" in self._given else 50

    @cached_property
    def token_prefix(self) -> str:
        """What every access token begins with, so that a scanner finds one that leaked: lower-case letters and
        digits. What was given out under another prefix stays valid."""
        return self._given.get("TOKEN_PREFIX", "sui")

    @cached_property
    def token_rotation_overlap(self) -> timedelta:
        """For so long the former value of a token stays valid after a rotation, so that whatever uses it can be told
        the new one. Zero: it ends at once."""
        return self._given.get("TOKEN_ROTATION_OVERLAP", timedelta(hours=24))

    @cached_property
    def token_warning(self) -> timedelta:
        """So long before a token ends its owner is told, once."""
        return self._given.get("TOKEN_WARNING", timedelta(days=7))

    @cached_property
    def token_unused_after(self) -> timedelta:
        """A token that nobody has used for so long is shown as unused, and can be ended with all others like it."""
        return self._given.get("TOKEN_UNUSED_AFTER", timedelta(days=90))

    @cached_property
    def service_accounts_of_leavers(self) -> str:
        """What becomes of the tokens of a service account whose owner's access ends (offboarded, disabled or deleted):
        "end", or "flag", where they stay valid and administrators are shown them as persistence debt (OWASP NHI1)."""
        return self._given.get("SERVICE_ACCOUNTS_OF_LEAVERS", "end")
