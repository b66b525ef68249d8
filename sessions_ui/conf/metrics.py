"""What is measured, and who may read it."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from sessions_ui.conf.base import Section


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
