"""The options by which `list` and `end` choose sessions."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from sessions_ui.actions.sessions.selection import Selection
from sessions_ui.client.address import kept
from sessions_ui.conf import conf
from sessions_ui.management.arguments import given, moment
from sessions_ui.management.people import account_called, account_with_key
from sessions_ui.models import Device, Session

OPTIONS = {  # of the selection's fields
    "since": "--since",
    "before": "--before",
    "seen_since": "--seen-since",
    "seen_before": "--seen-before",
}


def add_filters(parser: CommandParser) -> None:
    which = parser.add_argument_group(
        "which",
        "A session has to meet every filter that is given; of one that is repeated, any of its values.",
    )
    which.add_argument(
        "--user",
        action="append",
        default=[],
        metavar="U",
        help="The whole email address or user name (or another of USER_LOOKUPS). May be repeated.",
    )
    which.add_argument(
        "--user-id",
        action="append",
        default=[],
        metavar="PK",
        help="The primary key of an account, also of one that was deleted. May be repeated.",
    )
    which.add_argument(
        "--device", action="append", default=[], metavar="ID", help="The id of a device. May be repeated."
    )
    which.add_argument("--kind", choices=Session.Kind.values, default="", help="What is signed in.")
    which.add_argument("--since", type=moment, metavar="T", help="Signed in since then.")
    which.add_argument("--before", type=moment, metavar="T", help="Signed in before.")
    which.add_argument("--seen-since", type=moment, metavar="T", help="Last seen since then.")
    which.add_argument("--seen-before", type=moment, metavar="T", help="Last seen before.")
    which.add_argument(
        "--network",
        type=_network,
        metavar="N",
        help="An address or a network (CIDR), of the sign-in or now.",
    )
    which.add_argument(
        "--country", type=_country, metavar="CC", help="The country of the sign-in: two letters (ISO 3166-1)."
    )
    which.add_argument(
        "--method",
        type=given,
        metavar="M",
        help="How it was signed in (password, passkey, totp, …), one of several steps, or the provider.",
    )


def selection_of(options: dict[str, Any]) -> Selection:
    """Return what the filters select. Raises `CommandError` for who or what is unknown, and for filters that
    contradict each other."""
    _verify_moments(options)
    _verify_network(options["network"])
    users = _accounts(options)
    return Selection(
        users=users,
        devices=_devices(options["device"], users),
        kind=options["kind"],
        network=options["network"] or "",
        country=options["country"] or "",
        method=options["method"] or "",
        **{name: options[name] for name in OPTIONS},
    )


def sessions_called(public_ids: Iterable[str]) -> list[int]:
    """Return the primary keys of the sessions with these ids. Raises `CommandError` where one is unknown."""
    ids = [*dict.fromkeys(public_ids)]
    rows = Session.objects.filter(public_id__in=ids, signed_in_at__isnull=False)
    found = dict(rows.values_list("public_id", "pk"))
    _refuse_unknown("session", ids, found)
    return [found[each] for each in ids]


def _accounts(options: dict[str, Any]) -> tuple[Any, ...]:
    named = [account_called("--user", name) for name in options["user"]]
    keyed = [account_with_key("--user-id", text) for text in options["user_id"]]
    return tuple(dict.fromkeys(named + keyed))


def _devices(public_ids: list[str], users: tuple[Any, ...]) -> tuple[int, ...]:
    if not public_ids:
        return ()
    rows = Device.objects.filter(public_id__in=public_ids).values_list("public_id", "pk", "user_id")
    found = {public_id: (pk, owner) for public_id, pk, owner in rows}
    _refuse_unknown("device", public_ids, found)
    if users and (others := [each for each in public_ids if found[each][1] not in users]):
        raise CommandError(
            f"--device: {', '.join(others)} belongs to a different account from --user or --user-id."
        )
    return tuple(found[each][0] for each in dict.fromkeys(public_ids))


def _refuse_unknown(what: str, wanted: Iterable[str], found: Iterable[str]) -> None:
    if unknown := [each for each in wanted if each not in found]:
        raise CommandError(
            f"There is no {what} with this id: {', '.join(map(repr, unknown))}. Nothing was done."
        )


def _verify_moments(options: dict[str, Any]) -> None:
    """Refuse spans that nothing can be in: it is a mistake, not an empty result."""
    now = timezone.now()
    for name in ("since", "seen_since"):
        if options[name] is not None and options[name] > now:
            raise CommandError(f"{OPTIONS[name]}: that is in the future.")
    # Nobody is seen before they sign in.
    for first, second in (("since", "before"), ("seen_since", "seen_before"), ("since", "seen_before")):
        if None not in (options[first], options[second]) and options[first] >= options[second]:
            raise CommandError(f"{OPTIONS[second]} has to be later than {OPTIONS[first]}.")


def _verify_network(text: str | None) -> None:
    """Refuse an address of which less is stored: it would never be found."""
    if not text:
        return
    if conf.store_addresses == "none":
        raise CommandError("--network: no addresses are kept here (STORE_ADDRESSES).")
    network = ip_network(text, strict=False)
    if network.num_addresses == 1:
        address = str(network.network_address)
        if (stored := kept(address, conf.store_addresses)) != address:
            size = 24 if network.version == 4 else 48
            raise CommandError(
                f"--network: only networks are kept here (STORE_ADDRESSES), so say which: {stored}/{size}"
            )


def _network(text: str) -> str:
    try:
        ip_network(text, strict=False)
    except ValueError:
        raise argparse.ArgumentTypeError(f"neither an address nor a network: {text!r}") from None
    return text


def _country(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", text):
        raise argparse.ArgumentTypeError(f"two letters, such as GB, not {text!r}")
    return text.upper()
