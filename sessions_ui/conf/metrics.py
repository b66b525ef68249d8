"""What is measured, and who may read it."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from sessions_ui.conf.base import Section
from sessions_ui.conf.clients import Network, networks


class MetricSettings(Section):
    """Metrics and persistence debt (docs/metrics.md)"""

    @cached_property
    def lingering_age(self) -> timedelta | None:
        """Sessions that were signed in longer ago than this are named among what should not be signed in. It ends
        none: `ABSOLUTE_TIMEOUT` does. None: no age is too high."""
        return self._given.get("LINGERING_AGE", timedelta(days=90))

    @cached_property
    def lingering_unused(self) -> timedelta | None:
        """The same of sessions that nobody has used for so long; `IDLE_TIMEOUT` ends them. None: it does not matter."""
        return self._given.get("LINGERING_UNUSED", timedelta(days=30))

    @cached_property
    def metrics_token(self) -> str:
        """What whoever reads `sessions_ui.web.metrics` sends as a bearer token: 16 characters or more. Empty: no token
        opens it. Without this and without `METRICS_NETWORKS` nobody reads them."""
        return self._given.get("METRICS_TOKEN", "")

    @cached_property
    def metrics_networks(self) -> tuple[Network, ...]:
        """Networks whose clients read `sessions_ui.web.metrics` without a token, such as "10.0.0.0/8". Who the client
        is, `TRUSTED_PROXIES` decides; behind a proxy that is not named there, every client is the proxy."""
        return networks("METRICS_NETWORKS", self._given.get("METRICS_NETWORKS", ()))
