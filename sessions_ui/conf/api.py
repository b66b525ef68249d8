"""The JSON API (docs/api.md)."""

from __future__ import annotations

from functools import cached_property

from sessions_ui.conf.base import Section


class ApiSettings(Section):
    """The JSON API"""

    @cached_property
    def api_rate_limit(self) -> int | None:
        """How many requests a minute one access token, or one sign-in, may make to the JSON API and at the
        addresses of WorkOS's clients together; None for any number. Counted in Django's cache."""
        return self._given.get("API_RATE_LIMIT", 600)
