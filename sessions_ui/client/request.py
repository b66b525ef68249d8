"""All that one request says of its client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sessions_ui.client import hints, own_form
from sessions_ui.client.address import Kept, Network, ProxyHeader, client_address, kept
from sessions_ui.client.info import Client, ClientInfo
from sessions_ui.client.text import cut, decoded


def client_info(
    meta: Mapping[str, Any],
    *,
    trusted: Iterable[Network] = (),
    proxy_header: ProxyHeader = "",
    geoip_path: tuple[str, ...] = (),
    geoip_asn_path: tuple[str, ...] = (),
    keep_address: Kept = "full",
    is_app: bool = False,
) -> ClientInfo:
    """Describe the client of a request from a WSGI-like `META`. Never raises, whatever the headers hold. The place is
    that of the whole address, also where only a part of it is kept. `is_app`: where it says in `X-App` what it is, that
    counts in place of its user agent (docs/apps.md)."""
    # Here, not above: many processes that load the app describe no client.
    from sessions_ui.client.place import places_in
    from sessions_ui.client.user_agent import parse

    address = client_address(meta, trusted, proxy_header)
    own = own_form.read(decoded(str(meta.get("HTTP_X_APP", "")))) if is_app else ""
    user_agent = own or cut(decoded(str(meta.get("HTTP_USER_AGENT", ""))))
    return ClientInfo(
        address=kept(address, keep_address),
        user_agent=user_agent,
        client=parse(user_agent, hints.read(meta)),
        place=places_in(geoip_path, geoip_asn_path).of(address),
    )


def parse_user_agent(header: str) -> Client:
    """Return what a header names, without hints: `user_agent.parse()`, whose rules are loaded when they are first
    needed."""
    from sessions_ui.client.user_agent import parse

    return parse(header)


def warm_up() -> None:
    """Load the rules and build ua-parser's patterns now (0.1 s, once a process) and not in the first request that
    needs a name. For the entry point of a server; whatever imports the app for a moment need not pay for it.

    The last resort, with its own copy of the patterns, is left out: it loads at the first header whose kind none of our
    rules knows, which most processes never meet."""
    parse_user_agent("Mozilla/5.0 (X11; Linux x86_64)")  # our rules know its kind
