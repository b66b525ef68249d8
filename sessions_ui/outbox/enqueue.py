"""Put into the outbox who must be told.

Whoever does so has a worker asked after commit to look at it now: that is done here, not by each caller.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import router, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, UUIDField, Value
from django.db.models.functions import Coalesce

from sessions_ui.credentials import ToldOnly
from sessions_ui.models import (
    Act,
    Checkpoint,
    Delivery,
    Endpoint,
    EndReason,
    Event,
    Hook,
    ServiceAccount,
    Session,
    WebhookFormat,
)
from sessions_ui.models.bulk import insert_from
from sessions_ui.models.clock import DatabaseNow
from sessions_ui.models.primary import all_users
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.outbox.waiting import free, mails_of, open_deliveries
from sessions_ui.services.queueing import queue_deliveries_task
from sessions_ui.user_model import email_field_name

# Endings that the person did not just do on that very device: these are told by mail. A suspicious sign-in is told by
# its alert, which says that it was ended.
TOLD_BY_MAIL = frozenset(
    {
        EndReason.SIGNED_OUT_REMOTELY,
        EndReason.SIGNED_OUT_EVERYWHERE,
        EndReason.PASSWORD_CHANGED,
        EndReason.PASSWORD_RESET,
        EndReason.FACTOR_CHANGED,
        EndReason.EMAIL_CHANGED,
        EndReason.ACCESS_CHANGED,
        EndReason.ACCOUNT_DISABLED,
        EndReason.ACCOUNT_DELETED,
        EndReason.DEVICE_LOST,
        EndReason.NOT_ME,
        EndReason.HELP_DESK,
        EndReason.ADMINISTRATOR,
        EndReason.INCIDENT,
        EndReason.LEAKED,
        EndReason.UNUSED,
    }
)

# Which events are told to the endpoints that ask for them.
HOOK_OF_EVENT: dict[str, Hook] = {
    Event.Kind.SIGNED_IN: Hook.SIGNED_IN,
    Event.Kind.FLAGGED: Hook.FLAGGED,
    Event.Kind.NOT_ME: Hook.NOT_ME,
    Event.Kind.DEVICE_LOST: Hook.DEVICE_LOST,
    Event.Kind.DEVICE_FOUND: Hook.DEVICE_FOUND,
    Event.Kind.DEVICE_CONFIRMED: Hook.DEVICE_CONFIRMED,
    Event.Kind.CREDENTIAL_CHANGED: Hook.CREDENTIAL_CHANGED,
}
# The same for endpoints in WorkOS's format, which is told of every session by itself: of each one that ended, too.
HOOK_IN_WORKOS: dict[str, Hook] = {
    Event.Kind.SIGNED_IN: Hook.SIGNED_IN,
    Event.Kind.IMPERSONATED: Hook.SIGNED_IN,
    Event.Kind.ENDED: Hook.SESSIONS_ENDED,
}
# The steps of an incident that are told; one that waits for approval is nothing that anybody else has to follow.
HOOK_OF_STEP: dict[str, Hook] = {
    "ordered": Hook.INCIDENT_ORDERED,
    "approved": Hook.INCIDENT_ORDERED,
    "finished": Hook.INCIDENT_FINISHED,
}


def hook_of(event: Event) -> Hook | None:
    """Return what endpoints may ask for to be told of this event; None where they are not told."""
    if event.kind == Event.Kind.INCIDENT:
        return HOOK_OF_STEP.get(event.data.get("step", ""))
    return HOOK_OF_EVENT.get(event.kind)


def enqueue_ended(act: Act, ended: SessionQuerySet, *, user_ids: Collection[Any] | None) -> int:
    """Enqueue one mail for each act and user, and one webhook for each act and endpoint; return how many.

    `ended`: the sessions that `act` has ended, whose events are written; `user_ids`: whose they are, None where they
    are too many to be named. Three statements at most, and one for each endpoint in WorkOS's format, which gets a
    webhook for each session.
    """
    hooks = dict.fromkeys(WebhookFormat, Hook.SESSIONS_ENDED)
    asking = _asking(hooks, using=ended.db)
    by_act = [pk for pk, name in asking.items() if name == WebhookFormat.STANDARD]
    count = _enqueue_hooks(by_act, using=ended.db, act=act, created_at=act.at)
    for pk in asking.keys() - {*by_act}:
        count += _enqueue_each_ended(act, pk, using=ended.db)
    if act.reason in TOLD_BY_MAIL:
        count += _enqueue_mails(act, ended, user_ids)
    return _with_task_queued(count, using=ended.db)


def enqueue_checkpoint(checkpoint: Checkpoint) -> int:
    """Enqueue one webhook for each endpoint that asks for checkpoints of the sealed log; return how many."""
    using = router.db_for_write(Delivery)
    asking = _asking({WebhookFormat.STANDARD: Hook.CHECKPOINT}, using=using)
    return _with_task_queued(
        _enqueue_hooks(asking, using=using, checkpoint=checkpoint, created_at=checkpoint.at), using=using
    )


def _asking(hooks: Mapping[WebhookFormat, Hook | None], *, using: str) -> dict[int, str]:
    """Return the endpoints that ask for what is told in their format, by key, with that format. One statement."""
    on = Endpoint.objects.using(using).filter(disabled_at__isnull=True)
    told = {str(name): hook for name, hook in hooks.items() if hook is not None}
    return {
        pk: name for pk, name, types in on.values_list("pk", "format", "types") if told.get(name) in types
    }


def _enqueue_hooks(endpoints: Iterable[int], *, using: str, **about: Any) -> int:
    """Enqueue a webhook with these fields for each of the endpoints; return how many."""
    now: Any = DatabaseNow()
    rows = [
        Delivery(**about, endpoint_id=pk, channel="webhook", receiver=f"endpoint {pk}", due_at=now)
        for pk in endpoints
    ]
    return len(Delivery.objects.using(using).bulk_create(rows)) if rows else 0


def _enqueue_each_ended(act: Act, endpoint: int, *, using: str) -> int:
    """Enqueue a webhook to this endpoint for each session that `act` has ended; access tokens are none. One
    statement."""
    ended = Event.objects.using(using).filter(act=act, kind=Event.Kind.ENDED)
    return insert_from(
        Delivery,
        ended.filter(session__isnull=False).exclude(session__kind=Session.Kind.TOKEN),
        {
            "event_id": F("pk"),
            "endpoint_id": Value(endpoint),
            "user_id": F("user_id"),
            "channel": Value("webhook"),
            "receiver": Value(f"endpoint {endpoint}"),
            "created_at": Value(act.at),
            "due_at": DatabaseNow(),
            "attempts": Value(0),
            "error": Value(""),
        },
    )


def _enqueue_mails(act: Act, ended: SessionQuerySet, user_ids: Collection[Any] | None) -> int:
    """Enqueue mails to the address that each account has at this moment, or whoever answers for it; return how many.

    There is none about what staff did in somebody's account, because that it began was told
    (`actions/impersonation.py`).
    """
    user_model = get_user_model()
    email_field = email_field_name()
    if email_field is None:
        return 0
    if router.db_for_write(user_model) != ended.db:
        return _enqueue_across_databases(act, ended.by_owner(), email_field)
    # From the users, not from their sessions: a thousand of one need not be sorted out to be one mail. By the events,
    # whose index of the act leads to the first at once: an account may have a long history of sessions.
    of_owner = Event.objects.using(ended.db).filter(
        act=act, user_id=OuterRef("pk"), kind=Event.Kind.ENDED, session__impersonated_from__isnull=True
    )
    answering = user_model._base_manager.using(ended.db).filter(**{f"{email_field}__gt": ""})
    service = ServiceAccount.objects.using(ended.db).filter(pk=OuterRef(OuterRef("pk")))
    of_owners = answering.filter(pk__in=service.values("owner_id")).values(email_field)
    addressed = (
        user_model._base_manager.using(ended.db)
        .filter(Exists(of_owner))
        .annotate(told_at=Coalesce(Subquery(of_owners[:1]), F(email_field)))
        .filter(told_at__gt="")
    )
    if user_ids is not None:
        # MariaDB does not turn the condition of an INSERT … SELECT around: it would read, and at its own REPEATABLE
        # READ lock, every user there is.
        addressed = addressed.filter(pk__in=user_ids)
    return insert_from(
        Delivery,
        addressed,
        {
            "act_id": Value(act.pk, UUIDField()),
            "user_id": F("pk"),
            "channel": Value("mail"),
            "receiver": F("told_at"),
            "created_at": Value(act.at),
            "due_at": DatabaseNow(),
            "attempts": Value(0),
            "error": Value(""),
        },
    )


def _enqueue_across_databases(act: Act, ended: SessionQuerySet, email_field: str) -> int:
    accounts = set(ended.values_list("user_id", flat=True).distinct())
    answering = ServiceAccount.objects.using(ended.db).filter(pk__in=accounts, owner_id__isnull=False)
    owners: dict[Any, Any] = dict(answering.values_list("pk", "owner_id"))
    users = all_users().filter(pk__in=accounts | {*owners.values()})
    addresses = {pk: email for pk, email in users.values_list("pk", email_field) if email}
    told = {
        pk: addresses.get(owners.get(pk)) or addresses.get(pk)
        for pk in sorted(accounts & {*addresses, *owners})
    }
    now: Any = DatabaseNow()
    rows = [
        Delivery(act=act, user_id=pk, channel="mail", receiver=email, created_at=act.at, due_at=now)
        for pk, email in told.items()
        if email
    ]
    return len(Delivery.objects.using(ended.db).bulk_create(rows))


def enqueue_webhooks(event: Event) -> int:
    """Enqueue one webhook for each endpoint that asks for such events; return how many."""
    hooks = {
        WebhookFormat.STANDARD: hook_of(event),
        WebhookFormat.WORKOS: HOOK_IN_WORKOS.get(event.kind),
    }
    if not any(hooks.values()):
        return 0
    using = router.db_for_write(Delivery)
    asking = _asking(hooks, using=using)
    count = _enqueue_hooks(asking, using=using, event=event, user_id=event.user_id, created_at=event.at)
    return _with_task_queued(count, using=using)


def enqueue_event(event: Event, receivers: Iterable[str]) -> int:
    """Enqueue a mail about the event to each of these addresses; return how many."""
    return _with_task_queued(enqueue_awaited(event, receivers), using=router.db_for_write(Delivery))


def enqueue_awaited(event: Event, receivers: Iterable[str]) -> int:
    """Do the same for mails that somebody waits for: the caller has them sent (`delivery.deliver_awaited()`)."""
    now: Any = DatabaseNow()
    fields = {"event": event, "user_id": event.user_id, "created_at": event.at, "due_at": now}
    return len(Delivery.objects.bulk_create([_mail(address, **fields) for address in receivers]))


def _mail(address: str, **fields: Any) -> Delivery:
    is_told_only = isinstance(address, ToldOnly)
    return Delivery(channel="mail", receiver=str(address), told_only=is_told_only, **fields)


def enqueue_act(act: Act, user_id: Any, receivers: Iterable[str]) -> int:
    """Enqueue the mail about the act to these addresses of a user, beside the account's own; return how many.

    Whoever is told of it already is left out.
    """
    fields = {"act": act, "user_id": user_id, "created_at": act.at, "due_at": DatabaseNow()}
    count = _mail_others(receivers, than=mails_of(act, user_id), **fields)
    return _with_task_queued(count, using=router.db_for_write(Delivery))


def sum_up_later(event: Event, receivers: Iterable[str], *, until: timedelta) -> int:
    """Enqueue a mail to each of these addresses that counts such events from this one on, when `until` is over; return
    how many. Whom one of these waits for already gets no second."""
    user_id: Any = event.user_id
    waiting = open_deliveries().filter(
        user_id=user_id, channel="mail", event__data__later=True, due_at__gt=DatabaseNow()
    )
    # Held back, and not waiting for the mail server.
    fields = {"event": event, "user_id": user_id, "created_at": event.at, "held_at": event.at}
    return _mail_others(receivers, than=waiting, due_at=DatabaseNow() + until, **fields)


def _mail_others(receivers: Iterable[str], *, than: QuerySet[Delivery], **fields: Any) -> int:
    """Enqueue a mail with these fields to each of the addresses that none of the deliveries `than` goes to; return how
    many."""
    known = {address.casefold() for address in than.values_list("receiver", flat=True)}
    others = [address for address in receivers if address.casefold() not in known]
    mails = [_mail(address, **fields) for address in others]
    return len(Delivery.objects.bulk_create(mails))


def enqueue_bridged(act: Act, package: str, users: Collection[Any]) -> int:
    """Enqueue that the credentials of each of these users in another package are ended for the act; return how many.

    The act is saved.
    """
    now: Any = DatabaseNow()
    using = router.db_for_write(Delivery)
    rows = [
        Delivery(act=act, user_id=pk, channel="bridge", receiver=package, created_at=act.at, due_at=now)
        for pk in users
    ]
    return _with_task_queued(
        len(Delivery.objects.using(using).bulk_create(rows, batch_size=500)), using=using
    )


def enqueue_ping(endpoint: Endpoint) -> Delivery:
    """Enqueue a webhook about nothing, to see whether it arrives."""
    ping = Delivery.objects.create(endpoint=endpoint, channel="webhook", receiver=f"endpoint {endpoint.pk}")
    _with_task_queued(1, using=router.db_for_write(Delivery))
    return ping


def enqueue_sealed(sealed: str, *, receiver: str) -> None:
    """Enqueue a mail of the host project, encrypted, to this address."""
    now: Any = DatabaseNow()
    Delivery.objects.create(channel="mail", receiver=receiver, sealed=sealed, due_at=now)


def again(deliveries: QuerySet[Delivery]) -> int:
    """Put parked deliveries, and webhooks that were delivered, back into the queue from the first attempt on; return
    how many.

    A mail that was sent is never sent again, because its reader could not know that it is the same.
    """
    over = Q(parked_at__isnull=False) | Q(done_at__isnull=False, channel="webhook")
    count = deliveries.filter(over).update(
        parked_at=None, done_at=None, attempts=0, due_at=DatabaseNow(), leased_until=None, error=""
    )
    return _with_task_queued(count, using=deliveries.db)


def _with_task_queued(count: int, *, using: str) -> int:
    """Return `count`, the number of deliveries that were put in, and queue the worker's task after commit if there are
    any."""
    if count:
        transaction.on_commit(queue_deliveries_task, using=using)
    return count


def leave_out(act: Act, user_id: Any, receivers: Iterable[str]) -> int:
    """Take back the mails about the act to these addresses, which are told the same by another one; return how many.

    Only what nobody has claimed yet: in the transaction of the act that is all of them.
    """
    told = {address.casefold() for address in receivers}
    waiting = mails_of(act, user_id).filter(free(), done_at__isnull=True)
    same = [pk for pk, address in waiting.values_list("pk", "receiver") if address.casefold() in told]
    return waiting.filter(pk__in=same).delete()[0] if same else 0


def join(event_id: int) -> set[str]:
    """Return the addresses to which a mail about this event waits that nobody has claimed: it can tell more.

    They are written, so that a worker which claims one meanwhile comes after the transaction that tells more.
    """
    waiting = open_deliveries().filter(free(), event_id=event_id, channel="mail")
    waiting = waiting.using(router.db_for_write(Delivery))
    keys = list(waiting.values_list("pk", flat=True))
    if not keys or waiting.filter(pk__in=keys).update(due_at=DatabaseNow()) < len(keys):
        return set()
    return set(waiting.filter(pk__in=keys).values_list("receiver", flat=True))
