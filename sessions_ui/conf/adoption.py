"""Moving here from another session engine (docs/adoption.md)."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from sessions_ui import moments
from sessions_ui.conf.base import Section


class AdoptionSettings(Section):
    """Moving here from another session engine (docs/adoption.md)"""

    @property
    def adopt_from(self) -> str:
        """Whose sessions go on here: "db" (Django's `db` and `cached_db`), "allauth", "user_sessions" or "qsessions".
        A key that is unknown here is then looked up in that engine's table, until `ADOPT_UNTIL`. Empty: it is not."""
        return self._given.get("ADOPT_FROM", "")

    @property
    def adopt_until(self) -> datetime | None:
        """An aware `datetime`, some days ahead: what nobody has used until then is not adopted any more. Without it
        `ADOPT_FROM` has no effect."""
        return self._given.get("ADOPT_UNTIL")

    def adopting_from(self) -> str:
        """The source that a miss falls back to now; empty for none."""
        name, until = self.adopt_from, self.adopt_until
        return name if name and until is not None and timezone.now() < moments.stored(until) else ""
