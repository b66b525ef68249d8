"""Ending sessions: the one path, whatever asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import router, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from sessions_ui import acting, events, outbox, signals
from sessions_ui.actions.trust import void_trust
from sessions_ui.conf import conf
from sessions_ui.exceptions import NotTheOwner
from sessions_ui.hasten import hasten_deliveries
from sessions_ui.models import Act, AdoptionCut, EndReason, Session
from sessions_ui.models.locking import locked
from sessions_ui.models.session import SessionQuerySet

MANY_USERS = 500  # more of them are named by a subquery, not one by one


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an ending did. `act` is None where there was nothing left to end; its events name the sessions that ended.

    `failed` is how many are still signed in, since the database refused: only an ending in batches (`end_later.py`) can
    fail in part, all others end everything or raise.
    """

    act: Act | None
    ended: int
    already_ended: int
    failed: int = 0

    def __bool__(self) -> bool:
        return self.ended > 0


def end_sessions(
    *,
    sessions: SessionQuerySet,
    reason: EndReason,
    actor: Any = None,
    ticket: str = "",
    note: str = "",
    of_user: Any = None,
) -> Receipt:
    """End every session of the queryset that has not ended; idempotent.

    One transaction: the rows, one act, an event for each session, the deliveries. It is final when this returns (or
    when the caller's own transaction commits), and needs no broker, worker or cache. `actor` is the user who decided,
    None for the system. The cost is a fixed number of statements, whatever the number of sessions.

    The users' rows are locked first: a sign-in under way either came before and is ended here, or waits and reads
    the account anew (docs/architecture.md). `of_user` is the primary key of the one user whose
    sessions they can be: that row is locked even if there is nothing to end, so that a first sign-in waits too.
    """
    using = router.db_for_write(Session)
    selected = sessions.using(using).order_by().filter(user__isnull=False)
    if actor is not None:
        _refuse_to_end_others(selected)
    with transaction.atomic(using=using):
        if of_user is not None:
            lock_users([of_user])
        total, living, user_ids = count_by_user(selected)
        void_trust(user_ids if of_user is None else [of_user], reason)
        if not living:
            return Receipt(act=None, ended=0, already_ended=total)
        if of_user is None:
            lock_users(user_ids if len(user_ids) <= MANY_USERS else selected.values("user_id"))
        act = Act(
            at=timezone.now(), reason=reason, actor_id=getattr(actor, "pk", None), ticket=ticket, note=note
        )
        act.count = selected.filter(ended_at__isnull=True).update(
            ended_at=act.at, end_reason=reason, ended_by_id=act.actor_id, act_id=act.pk
        )
        if not act.count:  # somebody else ended them between the count and the lock
            return Receipt(act=None, ended=0, already_ended=total)
        act.save(using=using, force_insert=True)
        ended = ended_by(act, user_ids)
        if accounts := end_impersonations(act, ended):
            user_ids += accounts
            ended = ended_by(act, user_ids)
        few = user_ids if len(user_ids) <= MANY_USERS else None
        events.append_ended(act, ended, user_ids=few)
        if outbox.enqueue_ended(act, ended):
            transaction.on_commit(hasten_deliveries, using=using)
        transaction.on_commit(lambda: announce(act), using=using, robust=True)
    return Receipt(act=act, ended=act.count, already_ended=max(total - act.count, 0))


def ended_by(act: Act, user_ids: list[Any]) -> SessionQuerySet:
    """By the index of the users, as long as they are few: the act has none."""
    ended = Session.objects.using(act._state.db).filter(act=act)
    return ended.filter(user_id__in=user_ids) if len(user_ids) <= MANY_USERS else ended


def end_impersonations(act: Act, ended: SessionQuerySet) -> list[Any]:
    """With the session of a staff member ends what they do from it in somebody's name; returns whose accounts.

    Nobody's row is locked for it: whoever begins an impersonation holds the row of the staff member, as we do.
    """
    rows = Session.objects.using(act._state.db)
    begun = rows.filter(
        impersonated_from__isnull=False, ended_at__isnull=True, impersonated_from__in=ended.values("pk")
    )
    if not (accounts := dict(begun.values_list("id", "user_id"))):
        return []
    act.count += rows.filter(id__in=list(accounts), ended_at__isnull=True).update(
        ended_at=act.at, end_reason=EndReason.OWNER_ENDED, ended_by_id=act.actor_id, act_id=act.pk
    )
    act.save(update_fields=["count"])
    return list(accounts.values())


def _refuse_to_end_others(selected: SessionQuerySet) -> None:
    """Staff that uses an account may leave it, and ends nothing else there."""
    now = acting.current()
    if now is None or now.impersonator_id is None:
        return
    own: Any = now.session_id
    if selected.filter(ended_at__isnull=True).exclude(pk=own).exists():
        raise NotTheOwner


def announce(act: Act) -> None:
    signals.sessions_ended.send(Act, act=act, count=act.count)


def count_by_user(sessions: SessionQuerySet) -> tuple[int, int, list[Any]]:
    """How many there are, how many of them have not ended, and whose they are."""
    rows = list(
        sessions.values("user_id").annotate(
            total=Count("pk"), living=Count("pk", filter=Q(ended_at__isnull=True))
        )
    )
    return (
        sum(row["total"] for row in rows),
        sum(row["living"] for row in rows),
        [row["user_id"] for row in rows],
    )


def lock_users(user_ids: Any) -> None:
    """Lock these users' rows (a list of keys or a subquery), always in the same order, so that nobody deadlocks."""
    users = get_user_model()._base_manager
    using = router.db_for_write(get_user_model())
    if isinstance(user_ids, QuerySet) and user_ids.db != using:
        user_ids = list(user_ids.values_list("user_id", flat=True).distinct())
    with transaction.atomic(using=using, savepoint=False):
        # All at once: PgBouncer in transaction mode knows no cursor of an iterator.
        list(locked(users.using(using).filter(pk__in=user_ids).order_by("pk")).values_list("pk"))


def end_session(
    *, session: Session, reason: EndReason, actor: Any = None, ticket: str = "", note: str = ""
) -> Receipt:
    """End this one session."""
    chosen = Session.objects.filter(pk=session.pk)
    return end_sessions(sessions=chosen, reason=reason, actor=actor, ticket=ticket, note=note)


def end_user_sessions(
    *,
    user: Any,
    reason: EndReason,
    actor: Any = None,
    keep: int | None = None,
    ticket: str = "",
    note: str = "",
) -> Receipt:
    """End all sessions of a user; `keep` is the primary key of one that stays (usually the actor's own).

    While sessions of another engine are adopted one by one, "all" includes those that nobody has adopted yet.
    """
    chosen = Session.objects.filter(user_id=user.pk, ended_at__isnull=True)
    if keep is not None:
        chosen = chosen.exclude(pk=keep)
    with _nothing_adopted_any_more(user):
        return end_sessions(
            sessions=chosen, reason=reason, actor=actor, ticket=ticket, note=note, of_user=user.pk
        )


@contextmanager
def _nothing_adopted_any_more(user: Any) -> Iterator[None]:
    """In one transaction with the ending, under the user's lock: an adoption under way either comes before, and is
    ended, or sees the cut. `end_sessions()` locks no user who has nothing to end."""
    if not conf.adopting_from():
        yield
        return
    users = get_user_model()._base_manager.using(router.db_for_write(get_user_model()))
    with transaction.atomic(using=users.db), transaction.atomic(using=router.db_for_write(Session)):
        locked(users.filter(pk=user.pk)).values_list("pk").first()
        AdoptionCut.write(user.pk, timezone.now())
        yield


def acting_user() -> Any:
    """Who is acting in this request, as a bare reference (`pk` only): the staff member, where one uses somebody's
    account. None outside of a request."""
    now = acting.current()
    if now is None or now.user_id is None:
        return None
    return Reference(now.user_id if now.impersonator_id is None else now.impersonator_id)


def own_session_of(user: Any) -> int | None:
    """Primary key of the acting session where it is one of this user's own: what a change by the person keeps."""
    now = acting.current()
    return now.session_id if now is not None and now.user_id == user.pk else None


@dataclass(frozen=True, slots=True)
class Reference:
    """A user by the primary key only, where an actor is asked for and nobody needs the rest."""

    pk: Any
