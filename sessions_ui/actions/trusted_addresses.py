"""The addresses that have long been the owner's: mails about the account go there, and no thief of it reads them.

Some are told and no more: an address that its owner removed may belong to somebody else by now, so that a code or a
reset in it would hand the account over. docs/risk.md lists who asks for which ("Which address is asked for what").
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sessions_ui.actions.help_desk.find_user import address_of
from sessions_ui.conf import conf
from sessions_ui.credentials import AddressBook, KnownAddress, OwnerAddress, ToldOnly
from sessions_ui.database import moments
from sessions_ui.models import Event, EventDetail, ServiceAccount
from sessions_ui.models.primary import all_users

SETTLED = timedelta(days=30)  # an address verified for so long is its owner's


def trusted_addresses(user: Any) -> list[str]:
    """Return those of this user's `ALERT_ADDRESSES` that prove who somebody is: codes and resets go there.

    None where the account has no such address.
    """
    return _trusted(_owner_addresses(user))


def told_addresses(user: Any) -> list[str]:
    """Return the addresses that are told what happens to the account: the trusted ones first, then those that the owner
    removed lately (`ToldOnly`)."""
    known = _owner_addresses(user)
    recovering = {each.address.casefold() for each in known if each.recovers}
    told = settled_or_oldest(_dated(known), timezone.now())
    marked = [each if each.casefold() in recovering else ToldOnly(each) for each in told]
    return _distinct([*_trusted(known), *marked])


def told_about(user: Any) -> list[str]:
    """Return the addresses that are told what happens to the account. Nobody reads the mail of a service account:
    whoever answers for it is told, as long as there is such a person."""
    return told_addresses(answers_for(user))


def receivers_of(user_id: Any) -> list[str]:
    """Return who is told: the account's own address, else those that have long been its owner's. Nobody reads the mail
    of a service account: whoever answers for it is told."""
    account = all_users().filter(pk=user_id).first()
    if account is None:
        return []
    user = answers_for(account)
    address = address_of(user)
    return [address] if address else trusted_addresses(user)


def answers_for(user: Any) -> Any:
    """Return who answers for this account: the owner of a service account, where there is one, otherwise the user."""
    owner_id = ServiceAccount.objects.filter(pk=user.pk).values_list("owner_id", flat=True).first()
    owner = None if owner_id is None else all_users().filter(pk=owner_id).first()
    return user if owner is None else owner


def recovers_by(user: Any, address: str) -> bool | None:
    """Return whether a mail that went to this address may let somebody in: False where the owner has removed it.

    `ALERT_ADDRESSES` forgets it after a while and `ADDRESS_BOOK` never does: an address that no book has is nobody's.
    Without a book it is asked who changed the account's own address, when it was this one. None where nobody knows
    anything of the address (any more).
    """
    if known := _same(_owner_addresses(user), address):
        return any(each.recovers for each in known)
    book = conf.address_book()
    if type(book) is not AddressBook:
        return any(each.recovers for each in _same(book.addresses(user), address))
    return _was_taken_away(user, address)


def _was_taken_away(user: Any, address: str) -> bool | None:
    """Return whether somebody who need not be the owner gave the account another address in place of this one, by the
    last such change; None where there is none."""
    changes = EventDetail.objects.filter(event__user_id=user.pk, event__kind=Event.Kind.EMAIL_CHANGED)
    for before, data in changes.order_by("-event_id").values_list("text", "event__data"):
        if before.casefold() == address.casefold():
            return data.get("by_owner") is False
    return None


def _same(known: Iterable[OwnerAddress | KnownAddress], address: str) -> list[OwnerAddress | KnownAddress]:
    return [each for each in known if each.address.casefold() == address.casefold()]


def settled_or_oldest(addresses: Iterable[tuple[str, datetime | None]], now: datetime) -> list[str]:
    """Return every address verified 30 days ago or earlier (unknown counts as long ago), otherwise the oldest there is.

    Addresses that differ in case only are one.
    """
    known = [(address, at and moments.stored(at)) for address, at in addresses if address]
    settled = [address for address, at in known if at is None or at <= now - SETTLED]
    if settled:
        return _distinct(settled)
    oldest = sorted((at, address) for address, at in known if at is not None)
    return [address for _at, address in oldest[:1]]


def _owner_addresses(user: Any) -> list[OwnerAddress]:
    return [OwnerAddress(*given) for given in conf.alert_addresses(user)]


def _trusted(known: Iterable[OwnerAddress]) -> list[str]:
    return settled_or_oldest(_dated(each for each in known if each.recovers), timezone.now())


def _dated(known: Iterable[OwnerAddress]) -> list[tuple[str, datetime | None]]:
    return [(each.address, each.verified_at) for each in known]


def _distinct(addresses: Iterable[str]) -> list[str]:
    first: dict[str, str] = {}
    for address in addresses:
        first.setdefault(address.casefold(), address)
    return list(first.values())
