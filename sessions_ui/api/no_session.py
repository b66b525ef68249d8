"""The session of a request that came with an access token: it has none.

Whatever a view or a host's middleware writes into `request.session` is gone with the request, signs nobody in, and
touches neither the session of a cookie that came along nor that cookie.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.base import SessionBase


class NoSession(SessionBase):
    """A dictionary with the methods of a session, as long as the request lasts."""

    def load(self) -> dict[str, Any]:
        return {}

    async def aload(self) -> dict[str, Any]:
        return {}

    def exists(self, session_key: str) -> bool:
        return False

    async def aexists(self, session_key: str) -> bool:
        return False

    def create(self) -> None:
        """Do nothing; so does every other that would write."""

    async def acreate(self) -> None:
        pass

    def save(self, must_create: bool = False) -> None:
        pass

    async def asave(self, must_create: bool = False) -> None:
        pass

    def delete(self, session_key: str | None = None) -> None:
        pass

    async def adelete(self, session_key: str | None = None) -> None:
        pass
