"""What becomes of service accounts when the access of whoever answers for them ends."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import router

from sessions_ui.actions.account_lock import hold
from sessions_ui.audit import events
from sessions_ui.bridges.active import bridges
from sessions_ui.conf import conf
from sessions_ui.models import AccountState, Act, EndReason, ServiceAccount, Session
from sessions_ui.models.locking import locked
from sessions_ui.models.primary import all_users
from sessions_ui.user_model import is_active

# Somebody whose access ends for one of these answers for nothing any more.
LEAVES = frozenset({EndReason.OFFBOARDED, EndReason.ACCOUNT_DISABLED, EndReason.ACCOUNT_DELETED})


def end_owned(act: Act, owners: Collection[Any]) -> list[Any]:
    """Mark the service accounts of these users, whose accounts are held, as orphaned, and end all that is signed in to
    them where `SERVICE_ACCOUNTS_OF_LEAVERS` says so; return the primary keys of the accounts of which that ended.

    Nobody's row is locked for their tokens, because whoever makes or rotates a token of a service account holds the row
    of its owner, as we do. Other packages know of no owner: what they make waits for the account itself, where there is
    such a package. Whoever holds an account before its owner can be in the way then: one of both is repeated.
    """
    using = act._state.db
    mine = ServiceAccount.objects.using(using).filter(owner_id__in=owners, orphaned_at__isnull=True)
    if not (keys := list(locked(mine.order_by("pk")).values_list("pk", flat=True))):
        return []
    accounts = ServiceAccount.objects.using(using).filter(pk__in=keys)
    accounts.update(orphaned_at=act.at)
    events.append_orphaned(accounts, act)
    if conf.service_accounts_of_leavers != "end":
        return []
    if bridges():
        hold(keys, tokens_for=EndReason(act.reason))
    living = Session.objects.using(using).filter(user_id__in=keys, ended_at__isnull=True)
    act.count += living.update(
        ended_at=act.at, end_reason=EndReason.OWNER_ENDED, ended_by_id=act.actor_id, act_id=act.pk
    )
    return keys


def leavers(now: datetime) -> dict[EndReason, list[Any]]:
    """Return the users who still answer for a service account although their access is over, by why: nothing has told
    of it, or the date has come at which it was agreed to end."""
    open_ones = ServiceAccount.objects.using(router.db_for_write(ServiceAccount)).filter(
        orphaned_at__isnull=True
    )
    owners = set(open_ones.filter(owner__isnull=False).values_list("owner_id", flat=True))
    if not owners:
        return {}
    people = all_users().in_bulk(owners)
    states = AccountState.objects.using(open_ones.db).filter(pk__in=owners, ends_at__lte=now)
    gone = owners - people.keys()
    # Nobody can be asked who acts by tokens alone.
    no_person = set(
        ServiceAccount.objects.using(open_ones.db).filter(pk__in=owners).values_list("pk", flat=True)
    )
    found = {
        EndReason.ACCOUNT_DELETED: gone,
        EndReason.ACCOUNT_DISABLED: {pk for pk, user in people.items() if not is_active(user)} | no_person,
        EndReason.OFFBOARDED: set(states.values_list("pk", flat=True)) - gone,
    }
    return {reason: sorted(keys) for reason, keys in found.items() if keys}
