"""Webhooks (docs/webhooks.md)."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from sessions_ui.conf.base import Section
from sessions_ui.conf.clients import Network, networks


class WebhookSettings(Section):
    """Webhooks"""

    @cached_property
    def webhook_timeout(self) -> timedelta:
        """A receiver has so long to answer, from the connection to the last byte. It must be well under
        `DELIVERY_LEASE`."""
        return self._given.get("WEBHOOK_TIMEOUT", timedelta(seconds=20))

    @cached_property
    def webhook_allow_http(self) -> bool:
        """Endpoints may be plain `http://`, which anybody on the way can read. For a closed network or a demo."""
        return self._given.get("WEBHOOK_ALLOW_HTTP", False)

    @cached_property
    def webhook_allowed_networks(self) -> tuple[Network, ...]:
        """Networks (CIDR) that endpoints may be in although they are not public: private, loopback, link-local and
        the like are refused otherwise, whatever name resolves to them."""
        return networks("WEBHOOK_ALLOWED_NETWORKS", self._given.get("WEBHOOK_ALLOWED_NETWORKS", ()))

    @cached_property
    def webhook_ports(self) -> tuple[int, ...]:
        """Ports that endpoints may be on: 443, and 80 where `WEBHOOK_ALLOW_HTTP` is on. Whoever may enter endpoints
        could otherwise find out what else listens in a network. Empty: any."""
        usual = (443, 80) if self.webhook_allow_http else (443,)
        return tuple(self._given.get("WEBHOOK_PORTS", usual))

    @cached_property
    def webhook_secret_overlap(self) -> timedelta:
        """After a new secret was made the former one goes on signing beside it for so long."""
        return self._given.get("WEBHOOK_SECRET_OVERLAP", timedelta(hours=24))

    @cached_property
    def webhook_max_sessions(self) -> int:
        """A message about an act lists so many sign-ins at most; how many more there are is a number."""
        return self._given.get("WEBHOOK_MAX_SESSIONS", 500)
