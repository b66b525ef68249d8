"""How often a token may ask."""

from __future__ import annotations

import time

from sessions_ui.actions.tokens.authenticate import Bearer
from sessions_ui.api.workos.errors import Refused
from sessions_ui.conf import conf
from sessions_ui.services.site_cache import within_limit

SECONDS = 60


def verify_pace(bearer: Bearer) -> None:
    """Raise `Refused` where the token has asked too often within this minute. The clients wait for `Retry-After`."""
    most = conf.workos_requests_per_minute
    if most is None:
        return
    minute, second = divmod(int(time.time()), SECONDS)
    if not within_limit("workos", f"{bearer.session.public_id} {minute}", most=most, seconds=SECONDS):
        raise Refused(
            429,
            "rate_limit_exceeded",
            f"More than {most} requests within a minute.",
            headers={"Retry-After": str(SECONDS - second)},
        )
