"""What a webhook says. Never a key, digest or name; addresses only where the endpoint asks for them.

Made of rows that do not change any more, so that every attempt says the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.models import PING, Act, Checkpoint, Delivery, Endpoint, Event, EventDetail, Hook, Incident
from sessions_ui.models.end_reason import AUTOMATIC
from sessions_ui.outbox import hook_of


def message(delivery: Delivery, endpoint: Endpoint) -> dict[str, Any]:
    """Return `{"type": …, "timestamp": …, "data": {…}}`, as Standard Webhooks recommends."""
    if delivery.event_id is not None:
        event = Event.objects.filter(pk=delivery.event_id).first()
        if event is None or (hook := hook_of(event)) is None:
            raise DeliveryFailed("the event is gone", permanent=True)
        if event.kind == Event.Kind.INCIDENT:
            return envelope(hook, event.at, about_incident(event))
        return envelope(hook, event.at, about_event(event, addresses=endpoint.addresses))
    if delivery.checkpoint_id is not None:
        return about_checkpoint(delivery.checkpoint_id)
    if delivery.act is not None:
        data = about_act(delivery.act, addresses=endpoint.addresses)
        return envelope(Hook.SESSIONS_ENDED, delivery.act.at, data)
    return envelope(PING, delivery.created_at, {})


def envelope(kind: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": str(kind), "timestamp": in_utc(at), "data": data}


def about_act(act: Act, *, addresses: bool) -> dict[str, Any]:
    ended = Event.objects.filter(act=act, kind=Event.Kind.ENDED)
    sessions = [
        ended_session(row, addresses=addresses)
        for row in _with_ids(ended.order_by("pk"))[: conf.webhook_max_sessions]
    ]
    return {
        "act": str(act.pk),
        "reason": act.reason,
        "actor": actor_kind(act.actor_id, {row["user"] for row in sessions}, act.reason),
        "count": act.count,
        "sessions": sessions,
        "more": max(act.count - len(sessions), 0),
    }


def ended_session(row: dict[str, Any], *, addresses: bool) -> dict[str, Any]:
    return {
        "session": row["session__public_id"],
        "device": row["device__public_id"],
        "user": str(row["user_id"]),
        # It stays as it is once the session has ended.
        **({"metadata": row["session__metadata"]} if row["session__metadata"] else {}),
        **({"address": row["session__address"]} if addresses else {}),
    }


def about_checkpoint(number: int) -> dict[str, Any]:
    checkpoint = Checkpoint.objects.filter(pk=number).first()
    if checkpoint is None:
        raise DeliveryFailed("the checkpoint is gone", permanent=True)
    data = {"checkpoint": checkpoint.text, "signature": checkpoint.signature}
    return envelope(Hook.CHECKPOINT, checkpoint.at, data)


def about_event(event: Event, *, addresses: bool) -> dict[str, Any]:
    [row] = _with_ids(Event.objects.filter(pk=event.pk))
    user = str(event.user_id) if event.user_id is not None else None
    data = {
        "user": user,
        "actor": actor_kind(event.actor_id, {user}, event.reason),
        "session": row["session__public_id"],
        "device": row["device__public_id"],
    }
    if event.kind == Event.Kind.CREDENTIAL_CHANGED:
        data |= {name: event.data.get(name) for name in ("credential", "change")}
    if addresses:
        detail = EventDetail.objects.filter(pk=event.pk).values_list("address", flat=True)
        data["address"] = detail.first()
    return data


def about_incident(event: Event) -> dict[str, Any]:
    """Return what an incident is about in numbers and names of criteria: what people and places they are, it keeps."""
    order = Incident.objects.filter(pk=event.data["incident"]).first()
    return {
        "incident": event.data["incident"],
        "actor": actor_kind(event.actor_id, set(), event.reason),
        "criteria": sorted(order.criteria) if order else [],
        "at_once": bool(order and order.rule),
        "sessions": order.sessions if order else None,
        "people": order.people if order else None,
        **{name: event.data[name] for name in ("ended", "failed") if name in event.data},
    }


def _with_ids(events: QuerySet[Event]) -> QuerySet[Event, Any]:
    return events.values(
        "user_id", "session__public_id", "device__public_id", "session__address", "session__metadata"
    )


def actor_kind(actor: Any, users: set[str | None], reason: str) -> str:
    """Return who decided, in the words of CAEP's `initiating_entity`: user, admin, policy or system."""
    if reason in AUTOMATIC:
        return "policy"
    if actor is None:
        return "system"
    return "user" if users == {str(actor)} else "admin"


def in_utc(at: datetime) -> str:
    return moments.in_utc(at).isoformat().replace("+00:00", "Z")
