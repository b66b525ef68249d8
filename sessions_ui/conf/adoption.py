"""Moving here from another session engine (docs/adoption.md)."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from sessions_ui.conf.base import Section


class AdoptionSettings(Section):
    """Moving here from another session engine (docs/adoption.md)"""

    @cached_property
    def adopt_from(self) -> str:
        """Whose sessions go on here: "db" (Django's `db` and `cached_db`), "allauth", "user_sessions" or "qsessions".
        A key that is unknown here is then looked up in that engine's table, until `ADOPT_UNTIL`. Empty: it is not."""
        return self._given.get("ADOPT_FROM", "")

    @cached_property
    def adopt_until(self) -> datetime | None:
        """An aware `datetime`, some days ahead: what nobody has used until then is not adopted any more. None: two days
        after `migrate` has made the app's tables."""
        return self._given.get("ADOPT_UNTIL")
