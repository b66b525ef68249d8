"""Pages."""

from __future__ import annotations

from sessions_ui.conf.base import Section


class PageSettings(Section):
    """Pages"""

    @property
    def base_template(self) -> str:
        """The template that the pages extend: it needs a block `title` and a block `content`."""
        return self._given.get("BASE_TEMPLATE", "sessions_ui/base.html")

    @property
    def history_days(self) -> int:
        """ "Recently signed out" on the devices page goes back so many days."""
        return self._given.get("HISTORY_DAYS", 30)
