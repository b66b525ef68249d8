"""What Django's admin asks of staff before it acts."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from sessions_ui.conf.base import Section


class AdministrationSettings(Section):
    """The administration (docs/administration.md)"""

    @cached_property
    def admin_reauthentication_age(self) -> timedelta | None:
        """Whatever acts in Django's admin (every POST) needs a second factor, shown no longer ago than this; for staff
        who has none (`CREDENTIALS`), or where no page is known to show it (`HELP_DESK_FACTOR_URL`), a sign-in or a
        confirmation. None: the admin never asks."""
        return self._given.get("ADMIN_REAUTHENTICATION_AGE", timedelta(hours=1))

    @cached_property
    def admin_factor_required(self) -> bool:
        """Staff without a second factor cannot act in Django's admin. `SECOND_FACTOR_AT` says when one was shown."""
        return self._given.get("ADMIN_FACTOR_REQUIRED", False)
