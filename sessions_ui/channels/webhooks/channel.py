"""Webhooks: JSON, signed, one id for all attempts; after Standard Webhooks (https://www.standardwebhooks.com), or as
WorkOS sends them."""

from __future__ import annotations

import base64
import hmac
import json
import time
from datetime import datetime

from django.utils import timezone

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.channels.webhooks import workos
from sessions_ui.channels.webhooks.attempt_log import note_attempt
from sessions_ui.channels.webhooks.http import NoAnswer, post
from sessions_ui.channels.webhooks.payload import message
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.exceptions import Undecipherable
from sessions_ui.models import Delivery, Endpoint, WebhookFormat


class Gone(DeliveryFailed):
    """The receiver does not want webhooks any more: it answered 410."""

    def __init__(self) -> None:
        super().__init__("answered 410 Gone", permanent=True)


class WebhookChannel:
    def deliver(self, delivery: Delivery) -> None:
        endpoint = delivery.endpoint
        if endpoint is None or endpoint.disabled_at is not None:
            raise DeliveryFailed("the endpoint is switched off", permanent=True)
        body, signed = signed_message(delivery, endpoint)
        at, began = attempted_at(delivery), time.monotonic()
        try:
            status, answer = post(
                endpoint.url,
                body,
                {"Content-Type": "application/json", "User-Agent": "sessions-ui", **signed},
                seconds=conf.webhook_timeout.total_seconds(),
            )
        except NoAnswer as error:
            note_attempt(delivery, at=at, seconds=time.monotonic() - began, error=str(error))
            raise DeliveryFailed(str(error)) from error
        note_attempt(delivery, at=at, seconds=time.monotonic() - began, status=status, answer=answer)
        if status == 410:
            raise Gone
        if 300 <= status < 400:
            raise DeliveryFailed(f"answered {status}: redirects are not followed")
        if not 200 <= status < 300:
            raise DeliveryFailed(f"answered {status}")


def signed_message(delivery: Delivery, endpoint: Endpoint) -> tuple[bytes, dict[str, str]]:
    """Return the body in the format of the endpoint, and the headers that sign it. Raises `DeliveryFailed` where there
    is nothing to tell, or no secret to sign with."""
    at = attempted_at(delivery)
    try:
        secrets = endpoint.secrets(at)
    except Undecipherable as error:
        raise DeliveryFailed("the secret cannot be read: create a new one", permanent=True) from error
    if endpoint.format == WebhookFormat.WORKOS:
        body = workos.body_of(delivery, endpoint)
        return body, workos.headers(body, secrets[0], at)
    body = json.dumps(message(delivery, endpoint), separators=(",", ":")).encode()
    return body, headers(webhook_id(delivery), body, secrets, at)


def headers(identity: str, body: bytes, secrets: list[str], at: datetime) -> dict[str, str]:
    """Return the headers of Standard Webhooks."""
    timestamp = str(int(moments.aware(at).timestamp()))
    signed = f"{identity}.{timestamp}.".encode() + body
    return {
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signature(secret, signed) for secret in secrets),
    }


def signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def webhook_id(delivery: Delivery) -> str:
    """Return the id, which is the same at every attempt, and at a replay: receivers deduplicate by it. It must not
    contain a full stop."""
    if delivery.event_id is not None:
        return f"event_{delivery.event_id}_{delivery.pk}"
    return f"act_{delivery.act_id}_{delivery.pk}" if delivery.act_id else f"ping_{delivery.pk}"


def attempted_at(delivery: Delivery) -> datetime:
    """Return when the delivery was claimed, by the database's clock: receivers refuse what a host with a wrong clock
    has signed."""
    return delivery.leased_until - conf.delivery_lease if delivery.leased_until else timezone.now()
