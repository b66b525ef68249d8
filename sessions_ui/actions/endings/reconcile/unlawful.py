"""End the sessions that would be refused anyway, so that no list shows them as signed in.

They are refused without this (`validate.py`); a sweep only makes the rows say so. The primary key is walked in ranges
with a stored cursor, because no index mentions what the conditions ask for, which keeps the hot path cheap. What they
find is only a suspicion: each session found is judged once more, by the function that judges requests, on the locked
row.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections, router, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from sessions_ui import session_lookup
from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.sessions.containment import (
    contained,
    containing_generation,
    from_contained,
    is_staff,
    limits_of,
    with_limits,
)
from sessions_ui.actions.sessions.kinds import RULES, kinds_with
from sessions_ui.actions.sessions.password_hashes import hasher, is_of_password_alone
from sessions_ui.actions.sessions.timeouts import out_of_time
from sessions_ui.actions.sessions.validate import admit
from sessions_ui.actions.sign_in.provider import outlives_its_provider, outliving_their_provider
from sessions_ui.actor import actor_by_key
from sessions_ui.conf import conf
from sessions_ui.database.transactions import atomically, in_transaction
from sessions_ui.models import (
    AccountState,
    Act,
    Containment,
    Cursor,
    Ending,
    EndReason,
    Limits,
    Session,
)
from sessions_ui.models.locking import locked
from sessions_ui.models.primary import all_users, visible_users, with_users
from sessions_ui.models.session import ACCOUNT_WAS_OFF
from sessions_ui.user_model import auth_hash_of, fallback_hashes_of, is_active

RANGE = 10_000  # primary keys looked at by one statement
BATCH = 200  # sessions ended by one transaction: SQLite has one writer, and it must not wait long
SECONDS = 30  # a run that takes longer goes on where it stopped

# Said of the account, not of one session: what another engine still holds of it is over, too.
OF_THE_ACCOUNT = frozenset(
    {EndReason.ACCOUNT_DISABLED, EndReason.ACCOUNT_DELETED, EndReason.ACCESS_CHANGED, EndReason.OFFBOARDED}
)


def end_unlawful(*, seconds: float = SECONDS) -> int:
    """End what ran out of time, and what no signal told us of; return how many ended.

    The latter are, for example, the sessions of users disabled by `QuerySet.update()`. Works for up to `seconds`. A
    second worker at the same time does no harm.
    """
    name = "unlawful"
    deadline = time.monotonic() + seconds
    position = Cursor.read(name)
    last = _rows().aggregate(last=Max("pk"))["last"] or 0
    limits = _limits_to_reconcile()
    ended = _end_all({*_offboarded(timezone.now()), *_signed_out_by_provider()})
    while position < last:
        ended += _end_within(position, position + RANGE, timezone.now(), limits)
        position += RANGE
        if time.monotonic() > deadline:
            in_transaction(partial(Cursor.write, name, position))
            return ended
    in_transaction(partial(Cursor.write, name, 0))
    return ended


@atomically
def end_if_unlawful(keys: list[int]) -> int:
    """End those of these sessions (primary keys) that a request would be refused for now; return how many.

    They are judged on locked rows, under the lock of their accounts, because what somebody has seen before may be over.
    A session that is about to get its new password (`next_auth_hash`) gets it here.
    """
    limits = Containment.read().limits
    living = _rows().filter(pk__in=keys, ended_at__isnull=True)
    owners = dict(living.filter(user__isnull=False).values_list("pk", "user_id"))
    lock_users(set(owners.values()))
    rows = living.filter(pk__in=owners).order_by("pk").defer("payload")
    if session_lookup.joins_user():
        rows = rows.select_related("user")  # an outer join: the account may be gone
    found: dict[tuple[EndReason, bool, int], list[int]] = defaultdict(list)
    now = timezone.now()
    for session in locked(rows):
        if reason := why_unlawful(with_limits(session, limits), now):
            # Of one in which staff uses the account, lost rights are those of the staff.
            by_owner = session.impersonated_from_id is None
            order = _order_of(session) if reason is EndReason.INCIDENT else 0
            found[reason, by_owner and reason in OF_THE_ACCOUNT, order].append(session.pk)
    return sum(
        _end_as_ordered(group, order)
        if order
        else end_sessions(
            sessions=_rows().filter(pk__in=group),
            reason=reason,
            unadopted=of_the_account,
            # What no signal told of is recorded now: the account may be on again before a waiting sign-in goes on.
            decided_before=reason not in (EndReason.ACCOUNT_DISABLED, EndReason.ACCOUNT_DELETED),
        ).ended
        for (reason, of_the_account, order), group in found.items()
    )


def _order_of(session: Session) -> int:
    """Return the generation of the incident that has ended this session."""
    joined = session._state.fields_cache.get("user")
    user = joined or visible_users().filter(pk=session.user_id).first()
    return containing_generation(session, user, limits_of(session))


def _end_as_ordered(keys: list[int], generation: int) -> int:
    """Write the end of these sessions into their rows, in the name of whoever ordered it; return how many.

    The sweep of the incident does that (`bulk.py`). This is for those that it could not find: whoever became staff
    since, and sign-ins that were committed behind it.
    """
    ending = Ending.objects.filter(generation=generation).first()
    receipt = end_sessions(
        sessions=_rows().filter(pk__in=keys),
        reason=EndReason.INCIDENT,
        actor=actor_by_key(ending.actor_id) if ending else None,
        ticket=ending.ticket if ending else "",
        note=ending.note if ending else "",
        decided_before=True,
    )
    if ending is not None and receipt.act is not None:
        Act.objects.filter(pk=receipt.act.pk).update(ending=ending)
    return receipt.ended


def why_unlawful(session: Session, now: datetime) -> EndReason | None:
    """Return the reason that a request would be refused for, otherwise None.

    There are three more reasons, which only a sweep looks for.
    """
    admission = admit(session, now)
    if admission.refused is EndReason.PASSWORD_CHANGED and session.next_auth_hash:
        _carry_to_new_password(session)
        admission = admit(session, now)
    if admission.refused is not None:
        return admission.refused
    states = AccountState.objects.using(router.db_for_write(AccountState)).filter(pk=session.user_id)
    if states.filter(ends_at__lte=now).exists():
        return EndReason.OFFBOARDED
    if outlives_its_provider(session):
        return EndReason.PROVIDER_SIGN_OUT
    held = session.access_flags.strip(",").split(",")
    lost = [flag for flag in conf.access_flags if flag in held and not getattr(admission.user, flag, False)]
    return EndReason.ACCESS_CHANGED if lost and admission.user.is_authenticated else None


def _carry_to_new_password(session: Session) -> None:
    """Give the session the hash of its new password.

    The request that changes it has saved the user, and is about to tell its session.
    """
    session.auth_hash, session.next_auth_hash = session.next_auth_hash, ""
    if admit(session, timezone.now()).refused is not EndReason.PASSWORD_CHANGED:
        _rows().filter(pk=session.pk, ended_at__isnull=True).update(
            auth_hash=session.auth_hash, next_auth_hash=""
        )


def _rows() -> Any:
    return Session.objects.using(router.db_for_write(Session))


def _limits_to_reconcile() -> Limits | None:
    """Return what incidents have ended; None while one is being swept, which is faster and goes about it by user."""
    limits = Containment.read().limits
    is_swept = Ending.objects.filter(done_at__isnull=True).exclude(rule="").exists()
    return None if is_swept or not any(limits) else limits


def _end_within(after: int, up_to: int, now: datetime, limits: Limits | None = None) -> int:
    unended = _rows().filter(pk__gt=after, pk__lte=up_to, ended_at__isnull=True)
    living = unended.filter(user__isnull=False)
    with _without_jit():
        suspects = set(living.filter(_out_of_time(now)).values_list("pk", flat=True))
        if limits is not None:
            suspects.update(living.filter(contained(limits)).values_list("pk", flat=True))
        if session_lookup.joins_user() and is_of_password_alone(get_user_model()):
            suspects.update(_of_joined_account(unended))
        else:
            suspects.update(of_another_account(living))
        if has_timeouts_by_user():
            suspects.update(late_for_their_user(living, now))
    return _end_all(suspects)


def _end_all(suspects: set[int]) -> int:
    keys = sorted(suspects)
    return sum(end_if_unlawful(keys[start : start + BATCH]) for start in range(0, len(keys), BATCH))


@contextmanager
def _without_jit() -> Iterator[None]:
    """Switch PostgreSQL's JIT off for the block.

    It compiles what it expects to be long, which takes longer here than the statements themselves. Other databases get
    no transaction: on SQLite it would keep everybody from writing.
    """
    alias = router.db_for_write(Session)
    if connections[alias].vendor != "postgresql":
        yield
        return
    with transaction.atomic(using=alias):
        with connections[alias].cursor() as cursor:
            cursor.execute("SET LOCAL jit = off")
        yield


def _out_of_time(now: datetime) -> Q:
    """Return the condition for what the row of a session says by itself."""
    absolute, idle = conf.absolute_timeout, conf.idle_timeout
    found = Q(expires_at__lte=now) | Q(auth_hash=ACCOUNT_WAS_OFF)
    times_out = Q(kind__in=kinds_with("times_out"))
    if absolute and not callable(absolute):
        found |= times_out & Q(signed_in_at__lte=now - absolute)
    if idle and not callable(idle):
        found |= times_out & Q(last_seen_at__lte=now - idle)
    return found


def suspicious(now: datetime) -> Q:
    """Return the condition for what `why_unlawful()` would find, as far as SQL can tell, for few sessions.

    It asks for the user of each, where they can be joined (otherwise: `of_another_account()`).
    """
    due = AccountState.objects.filter(pk=OuterRef("user_id"), ends_at__lte=now)
    found = _out_of_time(now) | Q(Exists(due)) | outliving_their_provider() | contained() | from_contained()
    if session_lookup.joins_user():
        users = all_users().filter(pk=OuterRef("user_id"))
        found |= ~Q(Exists(users))
        columns = {field.name for field in get_user_model()._meta.concrete_fields}
        if "is_active" in columns:
            found |= Q(Exists(users.filter(is_active=False)))
        for flag in columns.intersection(conf.access_flags):
            found |= Q(access_flags__contains=f",{flag},") & Q(Exists(users.filter(**{flag: False})))
    return found


def _offboarded(now: datetime) -> Iterable[int]:
    """Return the living sessions of everybody whose agreed end is over; they are few, so for all ranges at once."""
    due = AccountState.objects.using(router.db_for_write(AccountState)).filter(ends_at__lte=now)
    living = _rows().filter(user_id__in=due.values("pk"), ended_at__isnull=True)
    return list(living.values_list("pk", flat=True))


def _signed_out_by_provider() -> Iterable[int]:
    """Return the sign-ins that the provider's message missed (`provider.catch_up()`); for all ranges at once, too."""
    with _without_jit():
        return list(
            _rows().filter(outliving_their_provider(), ended_at__isnull=True).values_list("pk", flat=True)
        )


def _of_joined_account(unended: QuerySet[Session]) -> Iterable[int]:
    """Do as `of_another_account()` does, by one statement.

    It reads the users of these sessions and no others, and makes no instances of them.
    """
    columns = {field.name for field in get_user_model()._meta.concrete_fields}
    flags = sorted(columns.intersection(conf.access_flags))
    of_user = ["password", *(["is_active"] if "is_active" in columns else []), *flags]
    rows = unended.values_list(
        "pk", "user_id", "auth_hash", "access_flags", *(f"user__{name}" for name in of_user)
    )
    hashes_of = hasher()
    for pk, user_id, auth_hash, held, password, *values in rows:
        if user_id is None:
            continue
        has = dict(zip(of_user[1:], values, strict=True))
        if (
            password is None  # the account is gone
            or not has.get("is_active", True)
            or (auth_hash and auth_hash not in hashes_of(password))
            or (held and any(not has[flag] and f",{flag}," in held for flag in flags))
        ):
            yield pk


def of_another_account(living: QuerySet[Session]) -> Iterable[int]:
    """Yield the sessions whose account was changed by `QuerySet.update()` or raw SQL.

    The account is gone, off, without a flag that it had, or has another password, whose hash no database can compute;
    it is computed once for each user. Or it has become staff's, and the session is of before an incident about staff.
    """
    rows = list(living.values_list("pk", "user_id", "auth_hash", "access_flags", "generation", "kind"))
    people = visible_users().in_bulk({user_id for _pk, user_id, *_rest in rows})
    staff = Containment.read().staff
    current = {user_id: _hashes_of(user) for user_id, user in people.items()}
    for pk, user_id, auth_hash, held, generation, kind in rows:
        user = people.get(user_id)
        if (
            user is None
            or not is_active(user)
            or (current[user_id] and auth_hash not in current[user_id] and RULES[kind].has_auth_hash)
            or any(f",{flag}," in held and not getattr(user, flag, False) for flag in conf.access_flags)
            or (generation < staff and is_staff(user))
        ):
            yield pk


def _hashes_of(user: Any) -> frozenset[str]:
    """Return the session auth hashes under the current SECRET_KEY and former ones; none for a user model without."""
    if not (current := auth_hash_of(user)):
        return frozenset()
    return frozenset({current, *fallback_hashes_of(user)})


def has_timeouts_by_user() -> bool:
    return callable(conf.idle_timeout) or callable(conf.absolute_timeout)


def late_for_their_user(living: QuerySet[Session], now: datetime) -> Iterable[int]:
    """Yield the sessions that are out of time by their user's own timeout.

    Where a timeout is a callable, only Python can say.
    """
    for session in with_users(living.defer("payload"), "user"):
        if out_of_time(session, session.user, now):
            yield session.pk
