"""The addresses of WorkOS's clients (docs/workos.md)."""

from __future__ import annotations

from functools import cached_property

from sessions_ui.conf.base import Section


class WorkOSSettings(Section):
    """The clients of WorkOS"""

    @cached_property
    def workos_return_to(self) -> tuple[str, ...]:
        """Where the sign-out address of WorkOS's clients may lead afterwards: whole addresses
        (`https://app.example/signed-out`), compared with `return_to` without its query. The first one is where it leads
        without a `return_to`; with none at all, to `LOGOUT_REDIRECT_URL`."""
        return tuple(self._given.get("WORKOS_RETURN_TO", ()))
