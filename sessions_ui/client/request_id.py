"""What a request is called, so that its events can be found together, and in the logs of the proxy."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from sessions_ui.client.address import Network, comes_from_proxy

# Those of UUIDs, W3C's traceparent, AWS's X-Amzn-Trace-Id without its semicolons, base64.
ACCEPTED = re.compile(r"[A-Za-z0-9._~:=/+-]{1,64}", re.ASCII)


def request_id(meta: Mapping[str, Any], *, trusted: Iterable[Network], header: str) -> str:
    """Return the name that a trusted proxy gave the request in `header`; otherwise 128 random bits, as hexadecimal
    digits. What others than proxies send is not believed: they could name their requests like somebody else's."""
    given = str(meta.get("HTTP_" + header.upper().replace("-", "_"), "")) if header else ""
    if given and ACCEPTED.fullmatch(given) and comes_from_proxy(meta, trusted):
        return given
    return secrets.token_hex(16)
