"""End sessions: the one path, whatever asks for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import router
from django.db.models import Count, Q, QuerySet

from sessions_ui import context, outbox, signals
from sessions_ui.actions.account_lock import HARMLESS, MANY_USERS, hold, on_primary, users_are_here, users_of
from sessions_ui.actions.acting_session import verify_acting_session
from sessions_ui.actions.endings.bridged.everything import Bridged, end_bridged, ends_bridged, tell_bridged
from sessions_ui.actions.endings.happened import mark_untrusted, note_report, untrusted, verify_happened
from sessions_ui.actions.endings.owned import LEAVES, end_owned
from sessions_ui.actions.endings.trusted_browsers import void_trust
from sessions_ui.actor import ActorKind, actor_of
from sessions_ui.audit import events
from sessions_ui.database.transactions import after_commit, atomically
from sessions_ui.exceptions import NotTheOwner
from sessions_ui.metrics.durations import timed_act
from sessions_ui.models import Act, EndReason, Session
from sessions_ui.models.end_reason import ends_tokens
from sessions_ui.models.locking import locked
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.protocols import HasPk


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an ending did. `act` is None where there was nothing left to end; its events name the sessions that ended.

    `bridged` is how many credentials of other packages ended with them (docs/bridges.md): where only those were left,
    there is an act, and `ended` is 0. `failed` is how many are still signed in because the database refused: only an
    ending in batches (`bulk/`) can fail in part, all others end everything or raise.
    """

    act: Act | None
    ended: int
    already_ended: int
    failed: int = 0
    bridged: int = 0

    def __bool__(self) -> bool:
        return self.ended > 0


@timed_act
@atomically
def end_sessions(
    *,
    sessions: SessionQuerySet,
    reason: EndReason,
    actor: HasPk | None = None,
    ticket: str = "",
    note: str = "",
    happened_at: datetime | None = None,
    of_user: Any = None,
    of_users: QuerySet[Any] | None = None,
    unadopted: bool = False,
    decided_before: bool = False,
    all_living: bool = False,
    kept: int | None = None,
    whole_accounts: bool | None = None,
    tokens: bool | None = None,
) -> Receipt:
    """End every session of the queryset that has not ended; idempotent.

    One transaction: the rows, one act, an event for each session, the deliveries. It is final when this returns (or
    when the caller's own transaction commits), and needs no broker, worker or cache. The cost is a fixed number of
    statements, whatever the number of sessions. What ends sessions when, and who is told: docs/endings.md.

    `reason` is what people read. `actor` is the user who decided, None for the system. `ticket` (at most 100
    characters) and `note` are for administrators only. `happened_at` says when trust ended, where that was before now:
    the act is kept then even if there was nothing left to end, and what lived on until now is persistence debt
    (docs/metrics.md).

    The accounts are held first (`hold()`): a sign-in under way either came before and is ended here, or waits and reads
    the account again; one that waits for its second factor is refused. `of_user` (a primary key) or `of_users` (a
    queryset of users) says whose sessions they can be: these accounts are held even if there is nothing to end.
    `unadopted` also ends what another engine still holds of them. `decided_before` says that the decision was recorded
    when it was made, and does not concern a sign-in that began since (`bulk/`). `all_living` says that the queryset
    leaves out what has ended already, so that nobody needs to count it (where the accounts are named). `kept` is the
    session that stays, where a change of the password ends all others. `whole_accounts` says that the decision is about
    everything that can act for these accounts: for some reasons (`ENDS_TOKENS`) credentials of other packages end with
    the sessions then, also where no session is left. If it is left out, that is so with `unadopted`. `tokens` says so
    in place of the reason (of access tokens, the queryset says it).

    Raises `NotYetHappened` or `ValueError` for a `happened_at` that is in the future or has no time zone; `TryAgain`
    where the database refused it, and nothing was changed then; `OutcomeUnknown` where the connection was lost at the
    commit; `SessionEnded` where the session of the request that asks has ended meanwhile; `NotTheOwner` where staff
    that uses an account would end other sessions than its own.
    """
    happened_at = verify_happened(happened_at)
    using = router.db_for_write(Session)
    selected = sessions.using(using).order_by().filter(user__isnull=False)
    who = actor_of(actor)
    if who.kind is not ActorKind.SYSTEM:
        _refuse_to_end_others(selected)
    decided = None if decided_before or reason in HARMLESS else reason
    is_whole = unadopted if whole_accounts is None else whole_accounts
    with_bridged = ends_bridged(reason, whole_accounts=is_whole, tokens=tokens)
    tokens_for = reason if with_bridged and not decided_before else None
    accounts = [of_user] if of_user is not None else of_users
    if accounts is None:
        held = _hold_owners(selected, decided=decided, unadopted=unadopted, tokens_for=tokens_for)
    else:
        keys = hold(accounts, decided=decided, unadopted=unadopted, kept=kept, tokens_for=tokens_for)
        held = _Held(keys, keys, selected, total=0 if all_living else selected.count())
    if decided is not None:
        verify_acting_session()
    void_trust(held.accounts, reason)
    act = Act(reason=reason, actor_id=who.pk, ticket=ticket, note=note, happened_at=happened_at)
    act.count = ended = _write(act, held.sessions)
    owned = end_owned(act, held.accounts) if is_whole and reason in LEAVES else []
    lived_on = _mark_lived_on(act, held, all_of_them=unadopted, kept=kept)
    bridged = end_bridged([*held.accounts, *owned], reason) if with_bridged else Bridged()
    if act.count or lived_on or bridged:
        act.save(using=using, force_insert=True)
    tell_bridged(act, bridged)
    if happened_at is not None and of_user is not None:
        note_report(act, of_user)
    if not act.count:
        of_bridged = act if bridged.ended else None
        return Receipt(act=of_bridged, ended=0, already_ended=held.total, bridged=bridged.count)
    # Not as they were held: that was by an older snapshot, or one of them has signed in since.
    are_of_queryset = of_user is None and of_users is not None
    user_ids = _ended_users(act, held.accounts) if are_of_queryset else held.owners
    _tell(act, [*user_ids, *owned])
    already_ended = max(held.total - ended, 0)
    return Receipt(act=act, ended=act.count, already_ended=already_ended, bridged=bridged.count)


@dataclass(frozen=True, slots=True)
class _Held:
    """What an ending is about, once the accounts are held. `accounts`: the primary keys of those that are held.
    `owners`: whose sessions were chosen; an account of theirs that is gone cannot be held. `total`: how many sessions
    were chosen, ended ones included; 0 where nobody has to know."""

    accounts: list[Any]
    owners: list[Any]
    sessions: SessionQuerySet
    total: int


def _hold_owners(
    selected: SessionQuerySet, *, decided: EndReason | None, unadopted: bool, tokens_for: EndReason | None
) -> _Held:
    """Hold the accounts of the owners of these sessions, where nobody has said whose they can be."""
    total, owners = count_by_user(selected)
    named = _accounts_of(selected, owners)
    accounts = hold(named, decided=decided, unadopted=unadopted, tokens_for=tokens_for)
    if len(owners) <= MANY_USERS:  # whoever signed in since came after it
        selected = selected.filter(user_id__in=owners)
    return _Held(accounts, owners, selected, total)


def _mark_lived_on(act: Act, held: _Held, *, all_of_them: bool, kept: int | None) -> int:
    """Mark the sessions that lived on after trust had ended, where that was said; return how many. `all_of_them`: the
    ending is about all sessions of the accounts but `kept`, whatever was chosen."""
    if act.happened_at is None:
        return 0
    sessions = held.sessions
    if all_of_them and len(held.accounts) <= MANY_USERS:
        rows = Session.objects.using(router.db_for_write(Session))
        sessions = rows.filter(user_id__in=held.accounts).exclude(pk=kept or 0)
    return mark_untrusted(act, sessions)


def _write(act: Act, selected: SessionQuerySet) -> int:
    """End those that have not ended, in one statement; return how many."""
    return selected.filter(ended_at__isnull=True).update(
        ended_at=act.at, end_reason=act.reason, ended_by_id=act.actor_id, act_id=act.pk, **untrusted(act)
    )


def _tell(act: Act, user_ids: list[Any]) -> None:
    """Append events and deliveries and send the signal, for exactly what `act` has ended.

    `user_ids`: whose sessions these are.
    """
    ended = ended_by(act, user_ids)
    if accounts := end_impersonations(act, ended):
        user_ids = user_ids + accounts
        ended = ended_by(act, user_ids)
    few = user_ids if len(user_ids) <= MANY_USERS else None
    events.append_ended(act, ended, user_ids=few)
    outbox.enqueue_ended(act, ended, user_ids=few)
    after_commit(partial(announce, act), using=str(act._state.db))


def _accounts_of(sessions: SessionQuerySet, user_ids: list[Any]) -> Collection[Any] | QuerySet[Any]:
    return user_ids if len(user_ids) <= MANY_USERS or not users_are_here() else users_of(sessions)


def _ended_users(act: Act, held: list[Any]) -> list[Any]:
    """Return the users whose sessions `act` has ended.

    They are found by the act, not by the filter that chose them: "users with a session that lives" finds nobody any
    more. At MariaDB's own REPEATABLE READ there can be more of them than a snapshot knew of.
    """
    total, user_ids = count_by_user(ended_by(act, held))
    if total < act.count:
        _total, user_ids = count_by_user(Session.objects.using(act._state.db).filter(act=act))
    return user_ids


def sessions_of(users: QuerySet[Any]) -> SessionQuerySet:
    """Return all sessions of a queryset of users, including ended ones."""
    keys: Any = on_primary(users).order_by().values("pk")
    if not users_are_here():
        keys = list(keys.values_list("pk", flat=True))
    return Session.objects.using(router.db_for_write(Session)).filter(user_id__in=keys)


def ended_by(act: Act, user_ids: list[Any]) -> SessionQuerySet:
    """Return the sessions that `act` has ended.

    They are found by the index of the users as long as those are few, because the act has none.
    """
    ended = Session.objects.using(act._state.db).filter(act=act)
    return ended.filter(user_id__in=user_ids) if len(user_ids) <= MANY_USERS else ended


def end_impersonations(act: Act, ended: SessionQuerySet) -> list[Any]:
    """End what staff does in somebody's name from the sessions that ended; return the primary keys of those accounts.

    Nobody's row is locked for it, because whoever begins an impersonation holds the row of the staff member, as we do.
    """
    rows = Session.objects.using(act._state.db)
    begun = rows.filter(
        impersonated_from__isnull=False, ended_at__isnull=True, impersonated_from__in=ended.values("pk")
    )
    # Locked, because a plain read in a transaction of the host sees what was there when that began (MariaDB).
    if not (accounts := dict(locked(begun).values_list("id", "user_id"))):
        return []
    act.count += rows.filter(id__in=list(accounts)).update(
        ended_at=act.at, end_reason=EndReason.OWNER_ENDED, ended_by_id=act.actor_id, act_id=act.pk
    )
    act.save(update_fields=["count"])
    return list(accounts.values())


def _refuse_to_end_others(selected: SessionQuerySet) -> None:
    """Raise `NotTheOwner` where staff that uses an account would end sessions other than its own there.

    Staff may leave the account, or sign out altogether.
    """
    now = context.current()
    if now is None or now.impersonator_id is None:
        return
    own = Q(pk=now.session_id) | Q(user_id=now.impersonator_id)
    if selected.filter(ended_at__isnull=True).exclude(own).exists():
        raise NotTheOwner


def announce(act: Act) -> None:
    signals.sessions_ended.send_robust(Act, act=act, count=act.count)


def count_by_user(sessions: SessionQuerySet) -> tuple[int, list[Any]]:
    """Return how many sessions there are, and the primary keys of their users."""
    rows = list(sessions.values_list("user_id").annotate(total=Count("pk")))
    return sum(total for _user_id, total in rows), [user_id for user_id, _total in rows]


def end_session(
    *,
    session: Session,
    reason: EndReason,
    actor: HasPk | None = None,
    ticket: str = "",
    note: str = "",
    happened_at: datetime | None = None,
) -> Receipt:
    """End this one session; idempotent. Arguments and errors are those of `end_sessions()`."""
    return end_sessions(
        sessions=Session.objects.filter(pk=session.pk),
        reason=reason,
        actor=actor,
        ticket=ticket,
        note=note,
        happened_at=happened_at,
    )


def end_user_sessions(
    *,
    user: HasPk,
    reason: EndReason,
    actor: HasPk | None = None,
    keep: int | None = None,
    ticket: str = "",
    note: str = "",
    happened_at: datetime | None = None,
    tokens: bool | None = None,
) -> Receipt:
    """End all sessions of a user, except `keep`; idempotent.

    `keep` is the primary key of a session that stays (usually the actor's own: `request.session.session_id`). "All"
    includes what another engine still holds of them: none of it is adopted any more. `tokens` says whether that
    includes the user's access tokens, and what other packages keep for them (docs/bridges.md); left out, the reason
    says so (`ENDS_TOKENS`). The other arguments and the errors are those of `end_sessions()`.
    """
    chosen = Session.objects.filter(user_id=user.pk, ended_at__isnull=True)
    if not ends_tokens(reason, tokens):
        chosen = chosen.sign_ins()
    if keep is not None:
        chosen = chosen.exclude(pk=keep)
    return end_sessions(
        sessions=chosen,
        reason=reason,
        actor=actor,
        ticket=ticket,
        note=note,
        happened_at=happened_at,
        of_user=user.pk,
        unadopted=True,
        all_living=True,
        kept=keep,
        tokens=tokens,
    )


def own_session_of(user: Any) -> int | None:
    """Return the primary key of the acting session if it is one of this user's own, otherwise None.

    A change by the person keeps that session.
    """
    now = context.current()
    return now.session_id if now is not None and now.user_id == user.pk else None
