"""People have fewer rights than they signed in with."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import Q, QuerySet

from sessions_ui.actions.end import Receipt, end_sessions
from sessions_ui.conf import conf
from sessions_ui.models import EndReason, Session


def access_changed(
    *, users: QuerySet[Any], actor: Any = None, ticket: str = "", note: str = "", only: Q | None = None
) -> Receipt:
    """End the sessions of these users, in one transaction whatever their number.

    Rights that Django keeps are watched (`receivers.py`). This is the call for all others: a role in a table of your
    own, or a second factor that is now a must, where `only` picks the sessions without one::

        without = ~Q(method__contains="+") & ~Q(method="passkey")
        access_changed(users=User.objects.filter(is_staff=True), only=without, actor=request.user)
    """
    keys: Any = users.order_by().values("pk")
    if router.db_for_write(get_user_model()) != router.db_for_write(Session):
        keys = list(users.order_by().values_list("pk", flat=True))
    sessions = Session.objects.filter(user_id__in=keys)
    return end_sessions(
        sessions=sessions if only is None else sessions.filter(only),
        reason=EndReason.ACCESS_CHANGED,
        actor=actor,
        ticket=ticket,
        note=note,
    )


def flags_of(user: Any) -> str:
    """The rights among `ACCESS_FLAGS` that the user has, as a session keeps them: ",is_staff,is_superuser,"."""
    held = [flag for flag in conf.access_flags if getattr(user, flag, False)]
    return f",{','.join(held)}," if held else ""
