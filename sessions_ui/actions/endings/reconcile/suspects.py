"""Find the sessions that a request would be refused for, as far as the database can tell.

What is found is only a suspicion (`unlawful.py` judges).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections, router, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from sessions_ui import session_lookup
from sessions_ui.actions.sessions.rules.kinds import held_to, rules_for
from sessions_ui.actions.sessions.rules.password_hashes import hasher, is_of_password_alone
from sessions_ui.actions.sessions.rules.timeouts import out_of_time
from sessions_ui.actions.sign_in.provider import outliving_their_provider
from sessions_ui.conf import conf
from sessions_ui.models import AccountState, Containment, Limits, Session
from sessions_ui.models.containment import contained, is_staff
from sessions_ui.models.primary import all_users, visible_users, with_users
from sessions_ui.models.session import ACCOUNT_WAS_OFF, SessionQuerySet
from sessions_ui.user_model import auth_hash_of, fallback_hashes_of, is_active


def within(after: int, up_to: int, now: datetime, limits: Limits | None) -> set[int]:
    """Return the suspects of a range of primary keys, and what incidents have ended where their `limits` are given."""
    unended = _sessions().filter(pk__gt=after, pk__lte=up_to, ended_at__isnull=True)
    living = unended.filter(user__isnull=False)
    with _without_jit():
        suspects = set(living.filter(_over_by_its_row(now)).values_list("pk", flat=True))
        if limits is not None:
            suspects.update(living.filter(contained(limits)).values_list("pk", flat=True))
        if session_lookup.joins_user() and is_of_password_alone(get_user_model()):
            suspects.update(_of_joined_account(unended))
        else:
            suspects.update(of_another_account(living))
        if has_timeouts_by_user():
            suspects.update(late_for_their_user(living, now))
    return suspects


def offboarded(now: datetime) -> Iterable[int]:
    """Return the living sessions of everybody whose agreed end is over; they are few, so for all ranges at once."""
    due = AccountState.objects.using(router.db_for_write(AccountState)).filter(ends_at__lte=now)
    living = _sessions().filter(user_id__in=due.values("pk"), ended_at__isnull=True)
    return list(living.values_list("pk", flat=True))


def signed_out_by_provider() -> Iterable[int]:
    """Return the sign-ins that the provider's message missed (`provider.catch_up()`); for all ranges at once, too."""
    with _without_jit():
        return list(
            _sessions().filter(outliving_their_provider(), ended_at__isnull=True).values_list("pk", flat=True)
        )


def from_contained() -> Q:
    """Return the condition for sessions in which staff uses an account, from one of their own that is over."""
    origins = Session.objects.filter(contained(), pk=OuterRef("impersonated_from_id"))
    return Q(impersonated_from__isnull=False) & Q(Exists(origins))


def suspicious(now: datetime) -> Q:
    """Return the condition for what `why_unlawful()` would find, as far as SQL can tell, for few sessions.

    It asks for the user of each, where they can be joined (otherwise: `of_another_account()`).
    """
    due = AccountState.objects.filter(pk=OuterRef("user_id"), ends_at__lte=now)
    found = (
        _over_by_its_row(now) | Q(Exists(due)) | outliving_their_provider() | contained() | from_contained()
    )
    if session_lookup.joins_user():
        users = all_users().filter(pk=OuterRef("user_id"))
        found |= ~Q(Exists(users))
        columns = {field.name for field in get_user_model()._meta.concrete_fields}
        if "is_active" in columns:
            found |= Q(Exists(users.filter(is_active=False)))
        for flag in columns.intersection(conf.access_flags):
            found |= Q(access_flags__contains=f",{flag},") & Q(Exists(users.filter(**{flag: False})))
    return found


def _over_by_its_row(now: datetime) -> Q:
    """Return the condition for what the row of a session says by itself."""
    absolute, idle = conf.absolute_timeout, conf.idle_timeout
    found = Q(expires_at__lte=now) | Q(auth_hash=ACCOUNT_WAS_OFF)
    times_out = held_to("times_out")
    if absolute and not callable(absolute):
        found |= times_out & Q(signed_in_at__lte=now - absolute)
    if idle and not callable(idle):
        found |= times_out & Q(last_seen_at__lte=now - idle)
    return found


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
            or (current[user_id] and auth_hash not in current[user_id] and rules_for(kind).has_auth_hash)
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


def _sessions() -> SessionQuerySet:
    rows: SessionQuerySet = Session.objects.using(router.db_for_write(Session))
    return rows
