"""What is signed in now and should not be, whatever the reason that nothing has ended it yet.

Most of it is refused at its next request anyway, and ended by the sweep (`endings/reconcile/`); that it is found here
says that nobody told us, or that the sweep does not run. Each kind is one statement that counts, and one that names a
few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from sessions_ui.bridges.active import UNKNOWN, answer_of, bridges
from sessions_ui.bridges.protocol import Bridge
from sessions_ui.conf import conf
from sessions_ui.models import AccountState, ServiceAccount, Session
from sessions_ui.models.primary import all_users, are_users_beside, with_users
from sessions_ui.models.session import SessionQuerySet

EXAMPLES = 10
# What somebody signs in to; a token is old on purpose, and unused by a rule of its own.
SIGNED_IN = ~Q(kind=Session.Kind.TOKEN)


class Kind(StrEnum):
    DISABLED = "disabled"  # of accounts that are switched off
    DELETED = "deleted"  # of accounts that are gone
    LEFT = "left"  # of people whose agreed end of access is over
    LOST = "lost"  # signed in on a device before it was reported lost
    BEFORE_PASSWORD = "before_password"  # signed in before the last change of the password  # noqa: S105
    TOO_OLD = "too_old"  # signed in too long ago
    UNUSED = "unused"  # not used for too long
    ORPHANED = "orphaned"  # tokens of service accounts for which nobody answers
    UNUSED_TOKEN = "unused_token"  # noqa: S105  tokens that nobody has used for too long
    # Not sessions: credentials of other packages, of accounts that are off or whose agreed end of access is over.
    BRIDGED = "bridged"


# Of these nobody needs to decide anything: they should never be found.
CERTAIN = (Kind.DISABLED, Kind.DELETED, Kind.LEFT, Kind.LOST, Kind.BEFORE_PASSWORD, Kind.BRIDGED)


@dataclass(frozen=True, slots=True)
class Lingering:
    """How many sessions of a kind are signed in (of `BRIDGED`: how many credentials live); None where that cannot be
    known. `examples`: the oldest sign-ins."""

    kind: Kind
    number: int | None
    examples: list[Session] = field(default_factory=list)


def lingering(now: datetime, *, examples: int = 0) -> list[Lingering]:
    """Return what is signed in and should not be, by kind, with up to `examples` sessions of each.

    One statement for each kind, and one more for each of which there are examples; two for each bridge.
    """
    found = [_found(kind, condition(now), examples) for kind, condition in CONDITIONS.items()]
    return [*found, Lingering(Kind.BRIDGED, _bridged(now))]


def shut_out_users(now: datetime) -> QuerySet[Any]:
    """Return the users who may not act any more: the account is off, or the agreed end of access is over."""
    due: Any = AccountState.objects.filter(ends_at__lte=now).values("pk")
    if not are_users_beside(AccountState):
        due = list(due.values_list("pk", flat=True))
    shut_out = Q(pk__in=due)
    if "is_active" in {each.name for each in get_user_model()._meta.concrete_fields}:
        shut_out |= Q(is_active=False)
    return all_users().filter(shut_out)


def _count(bridge: Bridge, now: datetime) -> int:
    holders = bridge.holders(shut_out_users(now))
    return sum(bridge.count_of(holders).values()) if holders else 0


def _bridged(now: datetime) -> int | None:
    """Return how many credentials of other packages live and should not; None where a bridge does not say."""
    number = 0
    for bridge in bridges():
        count = answer_of(bridge, partial(_count, bridge, now))
        if count is UNKNOWN:
            return None
        number += count
    return number


def sessions_of_kind(kind: Kind, now: datetime) -> SessionQuerySet | None:
    """Return the sessions that are signed in although this holds of them; None where that cannot be known."""
    condition = CONDITIONS[kind](now)
    return None if condition is None else Session.objects.living().filter(condition)


def _found(kind: Kind, condition: Q | None, examples: int) -> Lingering:
    if condition is None:
        return Lingering(kind, None)
    rows = Session.objects.living().filter(condition).order_by()
    number = rows.count()
    if not (number and examples):
        return Lingering(kind, number)
    oldest = with_users(rows.select_related("device").defer("payload"), "user").order_by("signed_in_at", "pk")
    return Lingering(kind, number, list(oldest[:examples]))


def _users() -> Any:
    """Return the users for a subquery; None where they live in another database."""
    return all_users().filter(pk=OuterRef("user_id")) if are_users_beside(Session) else None


def _disabled(now: datetime) -> Q | None:
    users = _users()
    if users is None or "is_active" not in {each.name for each in get_user_model()._meta.concrete_fields}:
        return None
    return Q(Exists(users.filter(is_active=False)))


def _deleted(now: datetime) -> Q | None:
    users = _users()
    return None if users is None else ~Q(Exists(users))


def _left(now: datetime) -> Q:
    return Q(Exists(AccountState.objects.filter(pk=OuterRef("user_id"), ends_at__lte=now)))


def _lost(now: datetime) -> Q:
    return Q(device__lost_at__gt=F("signed_in_at"))


def _before_password(now: datetime) -> Q:
    """Return the condition for what is older than the last change of the password, but for the session that made it.

    A password that was written past all signals (`QuerySet.update()`) is known by nobody here: there the hash of the
    session is another one, which only a request and the sweep compare.
    """
    changed = AccountState.objects.filter(
        Q(password_kept_id__isnull=True) | ~Q(password_kept_id=OuterRef("pk")),
        pk=OuterRef("user_id"),
        password_changed_at__gt=OuterRef("signed_in_at"),
    )
    # Support's sessions are of another password: that of the staff member.
    return Q(Exists(changed), SIGNED_IN, impersonated_from__isnull=True)


def _too_old(now: datetime) -> Q | None:
    return None if conf.lingering_age is None else Q(SIGNED_IN, signed_in_at__lte=now - conf.lingering_age)


def _unused(now: datetime) -> Q | None:
    if conf.lingering_unused is None:
        return None
    return Q(SIGNED_IN, last_seen_at__lte=now - conf.lingering_unused)


def _orphaned(now: datetime) -> Q:
    return Q(Exists(ServiceAccount.objects.filter(pk=OuterRef("user_id"), orphaned_at__isnull=False)))


def _unused_token(now: datetime) -> Q:
    return Q(kind=Session.Kind.TOKEN, last_seen_at__lte=now - conf.token_unused_after)


CONDITIONS: dict[Kind, Callable[[datetime], Q | None]] = {
    Kind.DISABLED: _disabled,
    Kind.DELETED: _deleted,
    Kind.LEFT: _left,
    Kind.LOST: _lost,
    Kind.BEFORE_PASSWORD: _before_password,
    Kind.TOO_OLD: _too_old,
    Kind.UNUSED: _unused,
    Kind.ORPHANED: _orphaned,
    Kind.UNUSED_TOKEN: _unused_token,
}
