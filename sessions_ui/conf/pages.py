"""Pages."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from sessions_ui.conf.base import PerUser, Section


class PageSettings(Section):
    """Pages"""

    @cached_property
    def base_template(self) -> str:
        """The template that the pages extend: it needs a block `title` and a block `content`."""
        return self._given.get("BASE_TEMPLATE", "sessions_ui/base.html")

    @cached_property
    def history_age(self) -> timedelta:
        """ "Recently signed out" on the devices page goes back so far; the page says it in days."""
        return self._given.get("HISTORY_AGE", timedelta(days=30))

    @cached_property
    def unused_after(self) -> timedelta:
        """Devices that were not used for so long stand apart on the devices page, and can be signed out together."""
        return self._given.get("UNUSED_AFTER", timedelta(days=30))

    @cached_property
    def time_zone(self) -> PerUser[str]:
        """A callable `user -> "Europe/Berlin"`, or its dotted path: the zone of the times on pages, with the optional
        `sessions_ui.middleware.time_zone_middleware`. None, and whatever is no zone: what the browser says of
        itself."""
        return self._per_user("TIME_ZONE")

    @cached_property
    def idle_warning(self) -> timedelta:
        """So long before the idle timeout `{% sessions_ui_idle %}` warns and offers to stay signed in."""
        return self._given.get("IDLE_WARNING", timedelta(minutes=2))
