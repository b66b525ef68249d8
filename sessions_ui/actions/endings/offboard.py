"""End access at a date, without any process that has to run at that moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import router
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.account_lock import hold, write_states
from sessions_ui.actions.acting_session import verify_acting_session
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.happened import mark_untrusted, note_report, verify_happened
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import SignInRefused
from sessions_ui.models import AccountState, Act, EndReason, Event, Offboarding, ServiceAccount, Session
from sessions_ui.models.locking import locked
from sessions_ui.protocols import HasPk


@atomically
def offboard(
    *,
    user: HasPk,
    ends_at: datetime,
    actor: HasPk | None = None,
    ticket: str = "",
    note: str = "",
    happened_at: datetime | None = None,
) -> Offboarding:
    """End all access of this user at `ends_at`.

    The living sessions get it as their latest end, a sign-in before it gets it too, and one after it is refused
    (`SignInRefused`). A date in the past ends everything now. There is one open date a user: another one takes its
    place. A later date lets people sign in until then, but what is signed in keeps the earlier end, because nothing
    ever makes a session longer. This is done under the account's lock, as every sign-in is.

    `actor` is the user who decided, None for the system; `ticket` (at most 100 characters) and `note` are for
    administrators only. `happened_at` is when the person left, where that was before now, and before `ends_at`: left
    out, it is a date in the past. Raises `ValueError` for one of them without a time zone, unless the project goes
    without `USE_TZ`, and for a `happened_at` after `ends_at`; `NotYetHappened` for one that is still to come;
    `TryAgain`, `OutcomeUnknown` or `SessionEnded` as `end_sessions()` does; `NotTheOwner` where staff uses an account.
    """
    context.require_owner()
    ends_at = moments.stated(ends_at, "ends_at")
    if (happened_at := verify_happened(happened_at)) is not None and happened_at > ends_at:
        raise ValueError("happened_at is after ends_at: access ends when they leave, or later.")
    hold([user.pk])
    verify_acting_session()
    now = timezone.now()
    write_states([user.pk], ends_at=ends_at)
    if ends_at <= now:  # whoever waits for a second factor now stays out also when it is cancelled
        write_states([user.pk], epoch=F("epoch") + 1, reason=EndReason.OFFBOARDED)
    open_offboardings(user.pk).update(cancelled_at=now, cancelled_by_id=actor_of(actor).pk)
    row = Offboarding.objects.create(
        user_id=user.pk,
        ends_at=ends_at,
        happened_at=happened_at,
        created_at=now,
        actor_id=actor_of(actor).pk,
        ticket=ticket,
        note=note,
    )
    _note(Event.Kind.OFFBOARDING_SET, row, actor)
    if ends_at > now and happened_at is not None:
        _mark(row, happened_at)
    shorten([user.pk, *_owned_by(user)], ends_at, now)
    if ends_at <= now:
        end_user_sessions(
            user=user,
            reason=EndReason.OFFBOARDED,
            actor=actor,
            ticket=ticket,
            note=note,
            happened_at=happened_at or ends_at,
        )
    return row


def _owned_by(user: HasPk) -> list[Any]:
    """Return the service accounts that end with the access of this user, who is held: so is whoever makes a token of
    one."""
    if conf.service_accounts_of_leavers != "end":
        return []
    owned = ServiceAccount.objects.using(router.db_for_write(ServiceAccount)).filter(owner_id=user.pk)
    return list(locked(owned.order_by("pk")).values_list("pk", flat=True))


def shorten(users: Collection[Any], ends_at: datetime, now: datetime) -> None:
    """Give the living sessions of these users the date as their latest end, unless they have an earlier one."""
    longer = Q(latest_end_at__isnull=True) | Q(latest_end_at__gt=ends_at)
    # Not what is over now anyway: how long it lived after a date in the past is not to be forgotten.
    shorter = {"expires_at": Least(F("expires_at"), Value(ends_at))} if ends_at > now else {}
    rows = Session.objects.using(router.db_for_write(Session))
    living = rows.filter(user_id__in=users, ended_at__isnull=True)
    living.filter(longer).update(latest_end_at=ends_at, **shorter)


def _mark(row: Offboarding, happened_at: datetime) -> None:
    """Record that what goes on until the agreed date is not trusted any more: an act that ends nothing yet."""
    act = Act.objects.create(
        reason=EndReason.OFFBOARDED,
        actor_id=row.actor_id,
        ticket=row.ticket,
        note=row.note,
        happened_at=happened_at,
    )
    user_id: Any = row.user_id
    mark_untrusted(act, Session.objects.filter(user_id=user_id))
    note_report(act, row.user_id)


@atomically
def cancel_offboarding(*, offboarding: Offboarding, actor: HasPk | None = None) -> bool:
    """Let the user sign in again, also after the date; return whether it was still open.

    What had ended stays ended, and what is signed in still ends at the date: whoever stays signs in once more. `actor`
    is the user who decided, None for the system. Raises `TryAgain`, `OutcomeUnknown` or `SessionEnded` as
    `end_sessions()` does, and `NotTheOwner` where staff uses an account.
    """
    context.require_owner()
    user_id: Any = offboarding.user_id
    hold([user_id])
    verify_acting_session()
    row = open_offboardings(user_id).filter(pk=offboarding.pk)
    cancelled = row.update(cancelled_at=timezone.now(), cancelled_by_id=actor_of(actor).pk)
    if cancelled:
        write_states([user_id], ends_at=None)
        _note(Event.Kind.OFFBOARDING_CANCELLED, offboarding, actor)
    return bool(cancelled)


def latest_end_of(state: AccountState, now: datetime) -> datetime | None:
    """Return when access ends, None where it is open-ended; raise `SignInRefused` where it has ended.

    `state` is the account's, locked.
    """
    if state.ends_at is not None and state.ends_at <= now:
        raise SignInRefused(EndReason.OFFBOARDED)
    return state.ends_at


def kept_to_latest_end(fields: dict[str, Any]) -> dict[str, Any]:
    """Return these fields with `expires_at` no later than the row's `latest_end_at`.

    The database decides that, because the date may have been set after a request read the row, and no look-up should
    have to read it.
    """
    if "expires_at" not in fields:
        return fields
    date = Value(fields["expires_at"])
    return {**fields, "expires_at": Least(date, Coalesce(F("latest_end_at"), date))}


def open_offboardings(user_id: Any) -> Any:
    return Offboarding.objects.using(router.db_for_write(Offboarding)).filter(
        user_id=user_id, cancelled_at__isnull=True
    )


def _note(kind: Event.Kind, row: Offboarding, actor: Any) -> None:
    ticket = {"ticket": row.ticket} if row.ticket else {}
    happened = {"happened_at": moments.aware(row.happened_at).isoformat()} if row.happened_at else {}
    events.append(
        kind,
        user_id=row.user_id,
        actor_id=actor_of(actor).pk,
        data={"ends_at": moments.aware(row.ends_at).isoformat(), **happened, **ticket},
    )
