"""Who acts: a user, staff in somebody's account, nobody who is known, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sessions_ui import context


class ActorKind(StrEnum):
    USER = "user"
    STAFF = "staff"  # who uses somebody's account
    NOBODY = "nobody"  # who is known: a request without a user
    SYSTEM = "system"  # outside of a request: a shell, a command, a task, a rule


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    `pk` is the primary key of the user who acts, the staff member's where one uses somebody's account; None for
    `NOBODY` and `SYSTEM`.
    """

    kind: ActorKind
    pk: Any = None


NOBODY = Actor(ActorKind.NOBODY)
SYSTEM = Actor(ActorKind.SYSTEM)


def actor_of(given: Any) -> Actor:
    """Return the actor for the `actor` that a verb was given: a user, an `Actor`, or None for the system.

    Views give `request.user`, which is the owner of the account also where staff uses it. Then it is staff that acts,
    and the owner must not read that they did it themselves.
    """
    if isinstance(given, Actor):
        return given
    if given is None:
        return SYSTEM
    now = context.current()
    # After a sign-out in this request nobody is its user any more.
    if now is not None and now.impersonator_id is not None and now.user_id in (given.pk, None):
        return current_actor()
    return actor_by_key(given.pk, otherwise=NOBODY)


def actor_by_key(pk: Any, *, otherwise: Actor = SYSTEM) -> Actor:
    """Return the user with this primary key as an actor, as a row has it; `otherwise` where it is None."""
    return otherwise if pk is None else Actor(ActorKind.USER, pk)


def current_actor() -> Actor:
    """Return who acts in this request; the system outside of one."""
    now = context.current()
    if now is None:
        return SYSTEM
    if now.impersonator_id is not None:
        return Actor(ActorKind.STAFF, now.impersonator_id)
    return actor_by_key(now.user_id, otherwise=NOBODY)
