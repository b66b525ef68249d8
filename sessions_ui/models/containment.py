"""Decide which sessions an incident has ended with its commit, before anybody has written that into their rows.

There are two forms of the one rule: in Python for a request (`actions/sessions/rules/validate.py`), which has the
session, its user and the limits from one statement; in SQL for many sessions at once, and for whoever shows them.
Whoever is staff now counts as staff, as the user row says that is joined anyway (or as the backend says, where users
are elsewhere), and so does whoever was it at sign-in (`access_flags`): losing the right does not bring a session back.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Protocol, TypeVar

from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import BooleanField, Case, Exists, OuterRef, Q, Subquery, When

from sessions_ui.models.incident import Containment, Limits
from sessions_ui.models.primary import all_users, are_users_beside


class Contained(Protocol):
    """What is judged: a session, whose module needs this one."""

    generation: int
    signed_in_at: datetime | None
    access_flags: str


Judged = TypeVar("Judged", bound=Contained)

# The user model's own words for staff; whichever of them it has.
STAFF_FLAGS = ("is_staff", "is_superuser")


def containing_generation(session: Contained, user: Any, limits: Limits | None) -> int:
    """Return the generation of the order that has ended this session of a user; 0 where none has.

    `user`: None where nobody knows them yet. `limits` as read together with the session, or after it.
    """
    if limits is None:
        return 0
    own = session.generation
    if own < limits.everyone:
        return limits.everyone
    if own < limits.before and _is_before(session, limits):
        return limits.before
    if own < limits.staff and (_was_staff(session) or is_staff(user)):
        return limits.staff
    return 0


def limits_of(session: Contained) -> Limits | None:
    """Return what is over, as the look-up has read it with this session; otherwise read it: one statement."""
    if "limits" not in session.__dict__:
        session.__dict__["limits"] = Containment.read().limits
    return session.__dict__["limits"]


def with_limits(session: Judged, limits: Limits | None) -> Judged:
    """Note on the session what is over, for whoever judges it."""
    session.__dict__["limits"] = limits
    return session


def is_staff(user: Any) -> bool:
    return any(getattr(user, flag, False) for flag in STAFF_FLAGS)


def is_staff_now() -> Q:
    """Return the condition for users who are staff, by whichever of the words for it their model has."""
    columns = {field.name for field in get_user_model()._meta.concrete_fields}
    flags = [Q(**{flag: True}) for flag in STAFF_FLAGS if flag in columns]
    return reduce(or_, flags) if flags else Q(pk__in=())


def contained(limits: Limits | None = None, *, session: str = "") -> Q:
    """Return the condition for the sessions of users that an incident has ended, written into their rows or not.

    Without `limits` they are read by the same statement. The condition may be neither true nor false in SQL, so it is
    for `filter()`; `is_contained()` is always one of the two. Without `limits` nobody who only became staff since, and
    whose user is in another database, is among them. `session` leads to it from rows of another model, such as
    "session__".
    """
    everyone, staff, before, before_at = limits or _limits_in_sql()
    generation = f"{session}generation__lt"
    found = Q((generation, everyone)) | Q((generation, staff)) & of_staff(
        session, elsewhere=limits is not None
    )
    if limits is None or limits.before_at is not None:
        found |= Q((generation, before), (f"{session}signed_in_at__lt", before_at))
    return Q((f"{session}user__isnull", False)) & found


def is_contained(session: str = "") -> Case:
    """Return `contained()` as a column."""
    return Case(When(contained(session=session), then=True), default=False, output_field=BooleanField())


def _is_before(session: Contained, limits: Limits) -> bool:
    signed_in_at, before_at = session.signed_in_at, limits.before_at
    return signed_in_at is not None and before_at is not None and signed_in_at < before_at


def _was_staff(session: Contained) -> bool:
    return any(f",{flag}," in session.access_flags for flag in STAFF_FLAGS)


def was_staff(session: str = "") -> Q:
    """Return the condition for the sessions of whoever was staff when they signed in."""
    flags = [Q((f"{session}access_flags__contains", f",{flag},")) for flag in STAFF_FLAGS]
    return reduce(or_, flags)


def of_staff(session: str = "", *, elsewhere: bool = True) -> Q:
    """Return the condition for the sessions of staff: of whoever is it now, and of whoever was it when they signed in.
    `elsewhere`: also ask a database of users that cannot be joined, by a statement of its own."""
    found = was_staff(session)
    columns = {field.name for field in get_user_model()._meta.concrete_fields}
    are = Q()
    for flag in columns.intersection(STAFF_FLAGS):
        are |= Q(**{flag: True})
    if not are:
        return found
    if are_users_beside(Containment):
        return found | Q(Exists(all_users().filter(are, pk=OuterRef(f"{session}user_id"))))
    if elsewhere:
        found |= Q((f"{session}user_id__in", list(all_users().filter(are).values_list("pk", flat=True))))
    return found


def _limits_in_sql() -> tuple[Any, ...]:
    rows = Containment.objects.using(router.db_for_write(Containment)).filter(pk=Containment.KEY)
    return tuple(Subquery(rows.values(name)[:1]) for name in Limits._fields)
