"""Manage the receivers of webhooks: administrators enter, change, try out and switch them off. Each act is an event."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from sessions_ui import context, outbox
from sessions_ui.actions.acting_session import verify_acting_session_without_lock
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Delivery, Endpoint, Event
from sessions_ui.models.endpoint import new_secret


def save_endpoint(*, endpoint: Endpoint, actor: Any) -> str:
    """Save a new endpoint or the changed fields of one.

    Returns the secret of a new one, otherwise an empty string: it has to be shown to the administrator now and never
    again. The format is chosen with a new one, and stays. Raises `ValueError` for types that it has no message for.
    """
    _verify_may(actor)
    if untold := endpoint.untold():
        raise ValueError(f"no message in the format {endpoint.format}: {', '.join(untold)}")
    secret = new_secret() if endpoint.pk is None else ""
    _save(endpoint, secret, actor)
    return secret


@atomically
def _save(endpoint: Endpoint, secret: str, actor: Any) -> None:
    if secret:
        endpoint.set_secret(secret)
        endpoint.created_by_id = actor_of(actor).pk
        endpoint.pk = None  # a try that was rolled back has set it
        endpoint.save(force_insert=True)
    else:
        endpoint.save(update_fields=["url", "description", "types", "addresses"])
    note(endpoint, "created" if secret else "changed", actor)


@atomically
def renew_secret(*, endpoint: Endpoint, actor: Any) -> str:
    """Give the endpoint a new secret, and return it to be shown once.

    The former one signs beside it for `WEBHOOK_SECRET_OVERLAP`.
    """
    _verify_may(actor)
    secret = new_secret()
    endpoint.set_secret(secret, former_until=timezone.now() + conf.webhook_secret_overlap)
    endpoint.save(update_fields=["secret", "former_secret", "former_until"])
    note(endpoint, "secret renewed", actor)
    return secret


@atomically
def switch_off(*, endpoint: Endpoint, why: str, actor: Any = None) -> bool:
    """Send nothing to the endpoint any more; return whether anything was sent until now.

    What is on its way is parked.
    """
    _verify_may(actor)
    on = Endpoint.objects.filter(pk=endpoint.pk, disabled_at__isnull=True)
    changed = on.update(disabled_at=timezone.now(), disabled_why=why[:100])
    if changed:
        note(endpoint, "switched off", actor, why=why[:100])
    return bool(changed)


@atomically
def switch_on(*, endpoint: Endpoint, actor: Any) -> bool:
    """Send to the endpoint again; return whether it was switched off.

    What happened in between is not told; what was parked can be tried again.
    """
    _verify_may(actor)
    off = Endpoint.objects.filter(pk=endpoint.pk, disabled_at__isnull=False)
    changed = off.update(disabled_at=None, disabled_why="")
    if changed:
        note(endpoint, "switched on", actor)
    return bool(changed)


@atomically
def ping(*, endpoint: Endpoint, actor: Any) -> Delivery:
    """Send a message that says nothing, to see whether it arrives; it goes the way of all others."""
    _verify_may(actor)
    delivery = outbox.enqueue_ping(endpoint)
    note(endpoint, "tried out", actor)
    return delivery


def _verify_may(actor: Any) -> None:
    """Raise `NotTheOwner` where staff uses an account, and `SessionEnded` where the session that asks has ended
    meanwhile. The system, which switches off what does not answer, is asked nothing."""
    context.require_owner()
    if actor is not None:
        verify_acting_session_without_lock()


def note(endpoint: Endpoint, what: str, actor: Any, **data: Any) -> None:
    events.append(
        Event.Kind.ENDPOINT_CHANGED,
        actor_id=actor_of(actor).pk,
        data={"endpoint": endpoint.pk, "what": what, **data},
    )
