"""End the sessions of people who have fewer rights than they signed in with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from sessions_ui.actions.endings.end import Receipt, end_sessions, sessions_of
from sessions_ui.conf import conf
from sessions_ui.models import EndReason
from sessions_ui.protocols import HasPk


def access_changed(
    *,
    users: QuerySet[Any],
    actor: HasPk | None = None,
    ticket: str = "",
    note: str = "",
    happened_at: datetime | None = None,
    only: Q | None = None,
) -> Receipt:
    """End the sessions of these users, including what another engine still holds of them.

    This is one transaction, whatever their number. Rights that Django keeps are watched (`receivers.py`). Call this for
    all others: a role in a table of your own, or a second factor that is now required, where `only` picks the sessions
    without one::

        without = ~Q(method__contains="+") & ~Q(method="passkey")
        access_changed(users=User.objects.filter(is_staff=True), only=without, actor=request.user)

    What another engine holds is no longer adopted, whatever `only` says. Credentials of other packages end with the
    sessions (docs/bridges.md), unless `only` picks some: of a credential nobody knows how its maker had signed in.
    `actor`, `ticket`, `note` and `happened_at` (since when they have fewer rights), and what is raised, are as for
    `end_sessions()`.
    """
    sessions = sessions_of(users)
    return end_sessions(
        sessions=sessions if only is None else sessions.filter(only),
        reason=EndReason.ACCESS_CHANGED,
        actor=actor,
        ticket=ticket,
        note=note,
        happened_at=happened_at,
        of_users=users,
        unadopted=True,
        whole_accounts=only is None,
    )


def flags_of(user: Any) -> str:
    """Return the user's rights among `ACCESS_FLAGS` as a session keeps them: ",is_staff,is_superuser,"."""
    held = [flag for flag in conf.access_flags if getattr(user, flag, False)]
    return f",{','.join(held)}," if held else ""
