"""Webhooks as WorkOS sends them: the body is an event in its shape, and its clients verify the signature
(docs/workos.md)."""

from __future__ import annotations

import hmac
import json
from datetime import datetime
from typing import Any

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.database import moments
from sessions_ui.models import PING, Delivery, Endpoint, Event
from sessions_ui.wording.workos import addresses_of, event_document, stamp, told


def body_of(delivery: Delivery, endpoint: Endpoint) -> bytes:
    """Return the event that the delivery is about, the same at every attempt, as JavaScript's `JSON.stringify()` would
    write it: Node's client signs anew what it has parsed."""
    document = json.dumps(message(delivery, endpoint), separators=(",", ":"), ensure_ascii=False)
    return document.encode()


def message(delivery: Delivery, endpoint: Endpoint) -> dict[str, Any]:
    if delivery.event_id is None:
        at = stamp(delivery.created_at)
        return {
            "object": "event",
            "id": f"event_ping_{delivery.pk}",
            "event": PING,
            "data": {},
            "created_at": at,
        }
    event = told(Event.objects.filter(pk=delivery.event_id)).first()
    if event is None or event.session is None:
        raise DeliveryFailed("the event is gone", permanent=True)
    return event_document(event, addresses_of([event.session]), addresses=endpoint.addresses)


def headers(body: bytes, secret: str, at: datetime) -> dict[str, str]:
    """Return the header that signs the body. There is room for one signature, so a former secret does not sign beside
    the new one."""
    issued = str(int(moments.aware(at).timestamp() * 1000))
    signed = hmac.new(secret.encode(), f"{issued}.".encode() + body, "sha256").hexdigest()
    return {"WorkOS-Signature": f"t={issued}, v1={signed}"}
