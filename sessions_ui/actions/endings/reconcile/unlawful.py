"""End what a request would be refused for, under the lock of its account.

Requests refuse it without this (`sessions/rules/validate.py`): here the rows come to say so. What a sweep has found is
only a suspicion, so each session is judged once more, by the function that judges requests, on the locked row.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import router
from django.utils import timezone

from sessions_ui import session_lookup
from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.sessions.rules.validate import admit
from sessions_ui.actions.sign_in.provider import outlives_its_provider
from sessions_ui.actor import actor_by_key
from sessions_ui.conf import conf
from sessions_ui.database.transactions import atomically
from sessions_ui.models import AccountState, Act, Containment, Ending, EndReason, Session
from sessions_ui.models.containment import containing_generation, limits_of, with_limits
from sessions_ui.models.locking import locked
from sessions_ui.models.primary import visible_users

BATCH = 200  # sessions ended by one transaction: SQLite has one writer, and it must not wait long

# Said of the account, not of one session: what another engine still holds of it is over, too.
OF_THE_ACCOUNT = frozenset(
    {EndReason.ACCOUNT_DISABLED, EndReason.ACCOUNT_DELETED, EndReason.ACCESS_CHANGED, EndReason.OFFBOARDED}
)


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
            of_the_account = by_owner and reason in OF_THE_ACCOUNT
            # An agreed end that was cancelled is still that of the sessions of before, and says nothing of the account.
            if of_the_account and reason is EndReason.OFFBOARDED:
                of_the_account = _has_left(session, now)
            found[reason, of_the_account, order].append(session.pk)
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


def _has_left(session: Session, now: datetime) -> bool:
    states = AccountState.objects.using(router.db_for_write(AccountState)).filter(pk=session.user_id)
    return bool(states.filter(ends_at__lte=now).exists())


def _order_of(session: Session) -> int:
    """Return the generation of the incident that has ended this session."""
    joined = session._state.fields_cache.get("user")
    user = joined or visible_users().filter(pk=session.user_id).first()
    return containing_generation(session, user, limits_of(session))


def _end_as_ordered(keys: list[int], generation: int) -> int:
    """Write the end of these sessions into their rows, in the name of whoever ordered it; return how many.

    The sweep of the incident does that (`bulk/lay_out.py`). This is for those that it could not find: whoever became
    staff since, and sign-ins that were committed behind it.
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
