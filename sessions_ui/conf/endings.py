"""What ends sessions by itself."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from sessions_ui.conf.base import Section

DEFAULT_ACCESS_FLAGS = ("is_staff", "is_superuser")
# After how many months without use a sign-in may end, by its owner's choice; 0 is never.
NEVER = 0
UNUSED_MONTHS = (NEVER, 3, 6, 12)


def length_of(months: int) -> timedelta:
    """Return so many months as days, of which a year has 365: 92, 183 and 365 for 3, 6 and 12."""
    return timedelta(days=-(-months * 365 // 12))


def whole_months(passed: timedelta) -> int:
    """Return how many of these months have passed."""
    return passed.days * 12 // 365


class EndingSettings(Section):
    """What ends sessions by itself (docs/endings.md)"""

    @cached_property
    def password_change_ends(self) -> str:
        """What a password change by the person ends: "others", or "all", the session that made it included. A reset,
        or a change by somebody else, always ends all."""
        return self._given.get("PASSWORD_CHANGE_ENDS", "others")

    @cached_property
    def factor_change_ends(self) -> str:
        """What it ends when people add, change or remove a second factor or passkey of their own: "others", or
        "offer": nothing by itself, the next page offers it (ASVS 5.0 7.4.3). A change by somebody else always ends
        all: nobody is there to be asked."""
        return self._given.get("FACTOR_CHANGE_ENDS", "offer")

    @cached_property
    def email_change_ends(self) -> str:
        """What another e-mail address of the account ends: "nothing", "others", or "all". The old address is told in
        any case."""
        return self._given.get("EMAIL_CHANGE_ENDS", "nothing")

    @cached_property
    def sign_out_unused_months(self) -> int:
        """What was not used for so many months is signed out, for whoever has chosen nothing on the devices page: 3, 6,
        12, or 0 for never. A mail names it beforehand (docs/endings.md)."""
        return self._given.get("SIGN_OUT_UNUSED_MONTHS", NEVER)

    @cached_property
    def sign_out_unused_warning(self) -> timedelta:
        """So long before that its owner is told, once. Nothing is signed out for it that was not told of so long
        ago."""
        return self._given.get("SIGN_OUT_UNUSED_WARNING", timedelta(days=7))

    @cached_property
    def end_at_once_max(self) -> int:
        """More sessions than this are not ended by the request that asks for it (the administration, `manage.py
        sessions end --async`), but by a worker, in batches."""
        return self._given.get("END_AT_ONCE_MAX", 1000)

    @cached_property
    def incident_approval_above(self) -> int | None:
        """An incident that would end more sessions than this waits for a second administrator's approval; 0 for every
        one, None (the default) for none. `manage.py sessions incident` does not wait."""
        return self._given.get("INCIDENT_APPROVAL_ABOVE")

    @cached_property
    def access_flags(self) -> tuple[str, ...]:
        """Boolean fields of the user model that are rights: whoever loses one is signed out."""
        return tuple(self._given.get("ACCESS_FLAGS", DEFAULT_ACCESS_FLAGS))

    @cached_property
    def access_groups(self) -> tuple[str, ...]:
        """Names of groups that are rights: whoever leaves one is signed out."""
        return tuple(self._given.get("ACCESS_GROUPS", ()))

    @cached_property
    def access_permissions(self) -> tuple[str, ...]:
        """Permissions ("app.codename") whose loss signs people out: taken from a user, from a group of theirs, or lost
        with the group."""
        return tuple(self._given.get("ACCESS_PERMISSIONS", ()))
