"""What was added to an account since the sign-in that its owner did not recognise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sessions_ui.conf import conf
from sessions_ui.credentials import Credential, CredentialKind
from sessions_ui.database import moments
from sessions_ui.models import Recovery


@dataclass(frozen=True, slots=True)
class Added:
    """A credential that may be somebody else's. `ticked`: it goes, unless the owner says that it is theirs."""

    credential: Credential
    ticked: bool

    @property
    def key(self) -> str:
        return key_of(self.credential)


def key_of(credential: Credential) -> str:
    return f"{credential.kind}:{credential.id}"


def is_younger(credential: Credential, since: Any) -> bool:
    """Return whether it was added at `since` or later; False where nobody knows when."""
    return credential.since is not None and moments.stored(credential.since) >= since


def added_since(recovery: Recovery, user: Any) -> list[Added]:
    """Return what may be somebody else's: all that is younger than the reported sign-in, ticked, and all of which
    nobody knows how old it is, not ticked.

    An address that was never verified is ticked all the same: mail to it may reset the password, and its owner adds it
    again at no cost. The address to which the case belongs is not among them.
    """
    return [
        Added(credential, ticked=_goes(credential, recovery))
        for credential in conf.credentials().of(user)
        if _is_listed(credential, recovery)
    ]


def _is_listed(credential: Credential, recovery: Recovery) -> bool:
    if is_address(credential, recovery.address):
        return False
    return credential.since is None or is_younger(credential, recovery.since)


def _goes(credential: Credential, recovery: Recovery) -> bool:
    return is_younger(credential, recovery.since) or not credential.verified


def is_address(credential: Credential, address: str) -> bool:
    return credential.kind is CredentialKind.ADDRESS and credential.label.casefold() == address.casefold()
