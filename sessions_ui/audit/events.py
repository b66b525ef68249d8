"""Append to the event log. Whatever is appended wakes the streams of its users after commit (`pubsub.py`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import router, transaction
from django.db.models import F, JSONField, Q, Value

from sessions_ui import context, outbox
from sessions_ui.database import moments
from sessions_ui.database.transactions import after_commit
from sessions_ui.models import Act, Event, EventDetail, Session
from sessions_ui.models.bulk import insert_from
from sessions_ui.services.pubsub import wake

# What changes nothing that an open page shows.
QUIET = (
    *(Event.Kind.DELIVERED, Event.Kind.DELIVERY_FAILED, Event.Kind.CODE_SENT, Event.Kind.RECOVERY_LINK),
    *(Event.Kind.DATA_EXPORTED, Event.Kind.METADATA_CHANGED, Event.Kind.UNUSED_SOON),
)


def append(
    kind: str,
    *,
    address: str | None = None,
    user_agent: str = "",
    text: str = "",
    **fields: Any,
) -> Event:
    """Append one event, and return it. Address, user agent and free text go to its detail row, which can be erased.

    Its ticket is that of the act, or what `data` says. Event and detail are committed together, because an event that
    is seen without its detail would be sealed without it.
    """
    fields.setdefault("ticket", _ticket_of(fields))
    event = Event(kind=kind, request_id=context.request_id(), **fields)
    if address or user_agent or text:
        with transaction.atomic(using=router.db_for_write(Event), savepoint=False):
            event.save(force_insert=True)
            EventDetail.objects.create(event=event, address=address, user_agent=user_agent, text=text)
    else:
        event.save(force_insert=True)
    outbox.enqueue_webhooks(event)
    if kind not in QUIET and event.user_id is not None:
        _wake_after_commit([event.user_id])
    return event


def _ticket_of(fields: dict[str, Any]) -> str:
    act = fields.get("act")
    return act.ticket if act is not None else str(fields.get("data", {}).get("ticket", ""))[:100]


def append_ended(act: Act, ended: Any, *, user_ids: Collection[Any] | None) -> int:
    """Append one event for each session that `act` ended, in one statement; return how many.

    Where the act says when trust ended, each of them does. `ended` is their queryset. `user_ids`: whose they are; None
    for too many to name.
    """
    assert ended.model is Session
    _wake_after_commit(user_ids)
    happened = {"happened_at": moments.aware(act.happened_at).isoformat()} if act.happened_at else {}
    return insert_from(
        Event,
        ended,
        {
            "kind": Value(Event.Kind.ENDED.value),
            "at": Value(act.at),
            "user_id": F("user_id"),
            "session_id": F("pk"),
            "device_id": F("device_id"),
            "act_id": F("act_id"),
            "actor_id": F("ended_by_id"),
            "reason": F("end_reason"),  # of an impersonation another one than the act's
            "ticket": Value(act.ticket),
            "request_id": Value(context.request_id()),
            "data": Value(happened, JSONField()),
        },
    )


def append_orphaned(accounts: Any, act: Act) -> int:
    """Append one event for each of these service accounts, whose owner's access `act` has ended; return how many."""
    return insert_from(
        Event,
        accounts,
        {
            "kind": Value(Event.Kind.SERVICE_ACCOUNT.value),
            "at": Value(act.at),
            "user_id": F("pk"),
            **({} if act.actor_id is None else {"actor_id": Value(act.actor_id)}),
            "reason": Value(""),
            "ticket": Value(act.ticket),
            "request_id": Value(context.request_id()),
            "data": Value({"step": "orphaned"}, JSONField()),
        },
    )


def append_bridged(act: Act, package: str, counts: Mapping[Any, int]) -> None:
    """Append one event for each of these users: so many of their credentials in another package has `act` ended.

    One statement.
    """
    _wake_after_commit(list(counts))
    common: dict[str, Any] = {
        "kind": Event.Kind.CREDENTIALS_ENDED,
        "act_id": act.pk,
        "actor_id": act.actor_id,
        "reason": act.reason,
        "ticket": act.ticket,
        "request_id": context.request_id(),
    }
    Event.objects.using(router.db_for_write(Event)).bulk_create(
        (
            Event(user_id=user_id, data={"package": package, "count": count}, **common)
            for user_id, count in counts.items()
        ),
        batch_size=500,
    )


def append_adopted(adopted: Any, source: str, *, at: datetime) -> int:
    """Append one event for each session of the queryset that was taken over from another engine; return how many.

    Two statements.
    """
    assert adopted.model is Session
    count = insert_from(
        Event,
        adopted,
        {
            "kind": Value(Event.Kind.ADOPTED.value),
            "at": Value(at),
            "user_id": F("user_id"),
            "session_id": F("pk"),
            "device_id": F("device_id"),
            "reason": Value(""),
            "ticket": Value(""),
            "request_id": Value(context.request_id()),
            "data": Value({"source": source}, JSONField()),
        },
    )
    described = ~Q(session__user_agent="") | Q(session__address__isnull=False)
    events = Event.objects.using(adopted.db).filter(
        described,
        kind=Event.Kind.ADOPTED,
        session__in=adopted,
        user_id=F("session__user_id"),  # says nothing new, but MariaDB has no index of the session
    )
    insert_from(
        EventDetail,
        events,
        {
            "event_id": F("pk"),
            "address": F("session__address"),
            "user_agent": F("session__user_agent"),
            "text": Value(""),
        },
    )
    return count


def _wake_after_commit(user_ids: Collection[Any] | None) -> None:
    after_commit(partial(wake, user_ids), using=router.db_for_write(Event))
