"""Lock accounts: what ends sessions and what signs in meet here, so that neither passes the other unseen."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import router
from django.db.models import F, QuerySet
from django.utils import timezone

from sessions_ui.models import AccountState, EndReason, Session
from sessions_ui.models.locking import locked
from sessions_ui.models.primary import all_users, are_users_beside

MANY_USERS = 500  # more of them are named by a subquery, not one by one

# Endings in which nobody decided anything about the account: sign-ins under way go on.
HARMLESS = frozenset(
    {
        EndReason.SIGNED_OUT,
        EndReason.SUPERSEDED,
        EndReason.IDLE_TIMEOUT,
        EndReason.ABSOLUTE_TIMEOUT,
        EndReason.EXPIRED,
        EndReason.UNUSED,
        EndReason.SESSION_LIMIT,
        EndReason.OFFBOARDED,  # the sign-in itself asks for the date
        EndReason.PROVIDER_SIGN_OUT,  # which sign-ins under way it means, `verify_not_signed_out()` knows better
    }
)

OF_THE_PASSWORD = frozenset({EndReason.PASSWORD_CHANGED, EndReason.PASSWORD_RESET})


def hold(
    accounts: Collection[Any] | QuerySet[Any],
    *,
    decided: EndReason | None = None,
    unadopted: bool = False,
    kept: int | None = None,
    tokens_for: EndReason | None = None,
) -> list[Any]:
    """Lock these accounts, and record what was decided about them; return their primary keys.

    `accounts` are primary keys, or a queryset of users. A sign-in that was under way is refused from now on. A reason
    that says nothing about the account (`HARMLESS`) is not recorded. Whoever passes a queryset must not evaluate it
    again later: what was written meanwhile can be what it filters by ("users with a session that lives"). `kept` is the
    session that may go on although it is older than a changed password. `tokens_for` is the reason for which the
    tokens of the accounts end now: one that a request under way makes is not good, either (`late_credentials.py`).

    The order is always the same, so that no two callers wait for each other: the users' rows, because the host
    project's own code locks them first, too; then the account states; sessions and everything else after that.
    """
    keys = lock_users(accounts)
    if not isinstance(accounts, QuerySet) or len(keys) <= MANY_USERS or not users_are_here():
        accounts = keys
    changes: dict[str, Any] = {}
    if decided is not None and decided not in HARMLESS:
        changes = {"epoch": F("epoch") + 1, "reason": decided}
    if decided in OF_THE_PASSWORD:
        changes |= {"password_changed_at": timezone.now(), "password_kept_id": kept}
    if tokens_for is not None:
        changes["tokens_ended_for"] = tokens_for
    if unadopted:
        changes["cut_at"] = timezone.now()
    if changes or not users_are_here():  # elsewhere nobody's row could be locked
        write_states(accounts, **changes)
    return keys


def write_states(accounts: Collection[Any] | QuerySet[Any], **changes: Any) -> None:
    """Write these columns of the account states of users whose rows are locked. `accounts` is a queryset only where
    the users are in the same database."""
    states = AccountState.objects.using(router.db_for_write(AccountState))
    if isinstance(accounts, QuerySet):
        states.write(on_primary(accounts), **changes)
        return
    keys = list(accounts)
    for start in range(0, len(keys), MANY_USERS):
        states.write(keys[start : start + MANY_USERS], **changes)


def lock_users(accounts: Collection[Any] | QuerySet[Any]) -> list[Any]:
    """Lock the rows of these users (as in `hold()`), always in the same order, so that nobody deadlocks.

    Returns the primary keys: those that were given, or those that the queryset found at this moment. Where the users
    live in another database a lock would be gone at once; the account states take its place there.
    """
    named = on_primary(accounts).order_by() if isinstance(accounts, QuerySet) else None
    if not users_are_here():
        return list(accounts if named is None else named.values_list("pk", flat=True).distinct())
    keys: Any = accounts if named is None else named.values("pk")
    # All at once: PgBouncer in transaction mode knows no cursor of an iterator.
    found = list(locked(all_users().filter(pk__in=keys).order_by("pk")).values_list("pk", flat=True))
    return list(accounts) if named is None else found


def users_of(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the users whom these rows of ours (sessions, devices) belong to."""
    keys: Any = rows.order_by().filter(user_id__isnull=False).values("user_id")
    if not users_are_here():
        keys = list(keys.values_list("user_id", flat=True).distinct())
    return all_users().filter(pk__in=keys)


def on_primary(users: QuerySet[Any]) -> QuerySet[Any]:
    """Return the users as read from the database that is written to.

    A host's own queryset may read from a replica, but what is decided here may not.
    """
    return users.using(router.db_for_write(users.model))


def users_are_here() -> bool:
    """Return whether the users live in the database of their sessions."""
    return are_users_beside(Session)
