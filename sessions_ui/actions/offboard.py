"""Access that ends at a date: in force without any process that runs then."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import router, transaction
from django.db.models import F, Min, Q, Value
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from sessions_ui import acting, events
from sessions_ui.actions.end import end_user_sessions, lock_users
from sessions_ui.exceptions import SignInRefused
from sessions_ui.models import EndReason, Event, Offboarding, Session


def offboard(
    *, user: Any, ends_at: datetime, actor: Any = None, ticket: str = "", note: str = ""
) -> Offboarding:
    """Let nothing of this user go on after `ends_at`: the living sessions get it as their latest end, a sign-in before
    it gets it too, and one after it is refused (`SignInRefused`). A date that is over ends everything now.

    One open date a user: another one takes its place. A later date lets people sign in until then, but what is signed
    in keeps the earlier end, since nothing ever makes a session longer. Under the user's lock, as every sign-in.
    """
    acting.require_owner()
    if timezone.is_naive(ends_at):
        raise ValueError("ends_at needs a time zone.")
    with transaction.atomic(using=router.db_for_write(Session)):
        lock_users([user.pk])
        now = timezone.now()
        open_offboardings([user.pk]).update(cancelled_at=now, cancelled_by_id=getattr(actor, "pk", None))
        row = Offboarding.objects.create(
            user_id=user.pk,
            ends_at=ends_at,
            created_at=now,
            actor_id=getattr(actor, "pk", None),
            ticket=ticket,
            note=note,
        )
        _note(Event.Kind.OFFBOARDING_SET, row, actor)
        longer = Q(latest_end_at__isnull=True) | Q(latest_end_at__gt=ends_at)
        Session.objects.of(user).filter(longer, ended_at__isnull=True).update(
            latest_end_at=ends_at, expires_at=Least(F("expires_at"), Value(ends_at))
        )
        if ends_at <= now:
            end_user_sessions(user=user, reason=EndReason.OFFBOARDED, actor=actor, ticket=ticket, note=note)
    return row


def cancel_offboarding(*, offboarding: Offboarding, actor: Any = None) -> bool:
    """Let the user sign in again, also after the date; returns whether it was still open.

    What had ended stays ended, and what is signed in still ends at the date: whoever stays signs in once more.
    """
    acting.require_owner()
    with transaction.atomic(using=router.db_for_write(Session)):
        lock_users([offboarding.user_id])
        row = open_offboardings([offboarding.user_id]).filter(pk=offboarding.pk)
        cancelled = row.update(cancelled_at=timezone.now(), cancelled_by_id=getattr(actor, "pk", None))
        if cancelled:
            _note(Event.Kind.OFFBOARDING_CANCELLED, offboarding, actor)
    return bool(cancelled)


def latest_end_of(user: Any, now: datetime) -> datetime | None:
    """When access ends, None where it is open-ended. `SignInRefused` where it has. The user's row is locked."""
    ends_at = latest_ends([user.pk]).get(user.pk)
    if ends_at is not None and ends_at <= now:
        raise SignInRefused(EndReason.OFFBOARDED)
    return ends_at


def latest_ends(user_ids: Collection[Any]) -> dict[Any, datetime]:
    """When access ends, for those of these users for whom it does; one statement."""
    found = open_offboardings(user_ids).values("user_id").annotate(first=Min("ends_at"))
    return dict(found.values_list("user_id", "first"))


def kept_to_latest_end(fields: dict[str, Any]) -> dict[str, Any]:
    """`expires_at` never later than the row's `latest_end_at`, decided by the database: it may have been set after a
    request read the row, and no look-up should have to read it."""
    if "expires_at" not in fields:
        return fields
    date = Value(fields["expires_at"])
    return {**fields, "expires_at": Least(date, Coalesce(F("latest_end_at"), date))}


def open_offboardings(user_ids: Collection[Any]) -> Any:
    return Offboarding.objects.using(router.db_for_write(Offboarding)).filter(
        user_id__in=user_ids, cancelled_at__isnull=True
    )


def _note(kind: Event.Kind, row: Offboarding, actor: Any) -> None:
    ticket = {"ticket": row.ticket} if row.ticket else {}
    events.append(
        kind,
        user_id=row.user_id,
        actor_id=getattr(actor, "pk", None),
        data={"ends_at": row.ends_at.isoformat(), **ticket},
    )
