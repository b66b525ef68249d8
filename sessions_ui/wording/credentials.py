"""Words for what somebody signs in with, for what changed about it, and for addresses that are not shown in full."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.credentials import Credential, CredentialChange, CredentialKind
from sessions_ui.models import Event

CHANGES: dict[tuple[str, str], Any] = {
    (CredentialKind.PASSWORD, CredentialChange.ADDED): _("A password was added to the account"),
    (CredentialKind.PASSWORD, CredentialChange.CHANGED): _("The password was changed"),
    (CredentialKind.PASSWORD, CredentialChange.REMOVED): _("The password was removed"),
    (CredentialKind.ADDRESS, CredentialChange.ADDED): _("An email address was added"),
    (CredentialKind.ADDRESS, CredentialChange.CHANGED): _("The email address was changed"),
    (CredentialKind.ADDRESS, CredentialChange.REMOVED): _("An email address was removed"),
    (CredentialKind.TOTP, CredentialChange.ADDED): _("An authenticator app was added"),
    (CredentialKind.TOTP, CredentialChange.CHANGED): _("The authenticator app was changed"),
    (CredentialKind.TOTP, CredentialChange.REMOVED): _("The authenticator app was removed"),
    (CredentialKind.PASSKEY, CredentialChange.ADDED): _("A passkey was added"),
    (CredentialKind.PASSKEY, CredentialChange.CHANGED): _("A passkey was changed"),
    (CredentialKind.PASSKEY, CredentialChange.REMOVED): _("A passkey was removed"),
    (CredentialKind.RECOVERY_CODES, CredentialChange.ADDED): _("Recovery codes were created"),
    (CredentialKind.RECOVERY_CODES, CredentialChange.CHANGED): _("New recovery codes were created"),
    (CredentialKind.RECOVERY_CODES, CredentialChange.REMOVED): _("The recovery codes were removed"),
    (CredentialKind.TOKEN, CredentialChange.ADDED): _("An access token was created"),
    (CredentialKind.TOKEN, CredentialChange.CHANGED): _("An access token was given a new value"),
    (CredentialKind.TOKEN, CredentialChange.REMOVED): _("An access token was removed"),
    (CredentialKind.PROVIDER, CredentialChange.ADDED): _("A sign-in provider was connected"),
    (CredentialKind.PROVIDER, CredentialChange.CHANGED): _("A connected sign-in provider was changed"),
    (CredentialKind.PROVIDER, CredentialChange.REMOVED): _("A sign-in provider was disconnected"),
}


KINDS: dict[CredentialKind, Any] = {
    CredentialKind.PASSWORD: _("Password"),
    CredentialKind.ADDRESS: _("Email address"),
    CredentialKind.TOTP: _("Authenticator app"),
    CredentialKind.PASSKEY: _("Passkey or security key"),
    CredentialKind.RECOVERY_CODES: _("Recovery codes"),
    CredentialKind.TOKEN: _("Access token"),
    CredentialKind.PROVIDER: _("Connected account"),
}


def credential_text(credential: Credential) -> str:
    """Return what it is and how people know it: "Passkey or security key “My laptop”"."""
    kind = str(KINDS[credential.kind])
    if not credential.label:
        return kind
    return gettext("%(kind)s “%(name)s”") % {"kind": kind, "name": credential.label}


def change_text(event: Event) -> str:
    """Return "A passkey was added" for an event of a changed credential."""
    if "only_end" in event.data and event.data.get("credential") == CredentialKind.TOKEN:
        return gettext("An access token was given another end")
    what = (str(event.data.get("credential", "")), str(event.data.get("change", "")))
    return str(CHANGES.get(what) or event.get_kind_display())


def masked(address: str) -> str:
    """Return the address as "a•••@people.example": enough for its owner, too little for somebody who only has the
    screen."""
    name, _at, host = address.rpartition("@")
    return f"{name[:1]}•••@{host}"
