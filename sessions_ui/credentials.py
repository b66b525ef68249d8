"""What lets somebody in to an account, its sessions aside: the kinds, and what must be known of whatever keeps them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

__all__ = [
    "AddressBook",
    "Credential",
    "CredentialChange",
    "CredentialKind",
    "CredentialStore",
    "KnownAddress",
    "OwnerAddress",
    "ToldOnly",
]


class CredentialKind(StrEnum):
    """What a credential is. Its value stands in events, webhooks and links."""

    PASSWORD = "password"  # noqa: S105  not a password
    ADDRESS = "address"  # mail to it resets the password
    TOTP = "totp"
    PASSKEY = "passkey"  # or a security key
    RECOVERY_CODES = "recovery_codes"
    TOKEN = "token"  # noqa: S105  an access token: it acts as the person
    PROVIDER = "provider"  # a connected account at a sign-in provider


class CredentialChange(StrEnum):
    """What was done to a credential. Its value stands in events and webhooks."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential of an account, as whatever keeps it describes it. Holds no secret.

    `id` is unique among those of its kind and account, and means nothing to anybody else. `label` is what people
    know it by: an address, a passkey's name, a provider. `since` is when it was added (verified, for an address), an
    aware `datetime`; None where nobody knows. `verified` is False for an address of which nobody has shown that its
    mail reaches them.
    """

    kind: CredentialKind
    id: str
    label: str = ""
    since: datetime | None = None
    verified: bool = True


class CredentialStore:
    """What keeps the credentials of this project's accounts; the subclass that `CREDENTIALS` names knows them.

    This one knows none, as for a project whose only credential is Django's password.
    """

    def of(self, user: Any) -> list[Credential]:
        """Return the credentials of this user, other than the password."""
        return []

    def remove(self, user: Any, credential: Credential) -> None:
        """Remove it, in the caller's transaction, and whatever it may still do; nothing where it is gone already."""
        raise NotImplementedError

    def shown(self, request: Any, user: Any) -> list[Credential] | None:
        """Return those of them by which this request is signing the user in: none for a password alone, None where
        nobody knows. Asked for while the account is being recovered only."""
        return None

    def are_gone(self, user: Any, shown: Collection[str]) -> bool:
        """Return whether some of these are not the user's any more: names as `Authentication.credential` has them, of
        what a sign-in has shown. Asked for under the account's lock, where the sign-in says what it was; False where
        nobody knows."""
        return False

    def keep_address(self, user: Any, address: str) -> None:
        """Make this address, whose owner has shown that its mail reaches them, the account's own and its main one
        again, where somebody took it away. In the caller's transaction; nothing where there is no such thing."""


class ToldOnly(str):
    """An address that is told what happens to the account, and no more: its owner removed it before the mail was
    written. A link in that mail never lets anybody in, however long ago that is by the time of the click."""

    __slots__ = ()


class OwnerAddress(NamedTuple):
    """One verified e-mail address of an account, as `ALERT_ADDRESSES` returns it.

    `verified_at` is when it was verified; None where nobody knows. `recovers` is whether mails that let somebody in (a
    reset, a code) may go there: an address that its owner removed is told what happens, and that is all.
    """

    address: str
    verified_at: datetime | None
    recovers: bool = True


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """A verified e-mail address that an account has, or had until `removed_at`.

    `recovers`: whether it still proves who somebody is, as in `OwnerAddress`.
    """

    address: str
    verified_at: datetime | None = None
    removed_at: datetime | None = None
    recovers: bool = True


class AddressBook:
    """What a project knows of its accounts' verified addresses, former ones included (`ADDRESS_BOOK`).

    This one knows none: people are found by what their account says now.
    """

    def addresses(self, user: Any) -> list[KnownAddress]:
        """Return the verified addresses of this user, and those that were, in the order in which they came."""
        return []

    def owners(self, address: str) -> list[Any]:
        """Return the primary keys of the users who have or had this very address verified, in any case."""
        return []
