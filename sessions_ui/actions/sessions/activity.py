"""Keep "last seen" up to date: throttled, conditional, best effort."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DatabaseError, connections, router, transaction

from sessions_ui.actions.devices.cookie_seen import is_first_use, note_cookie_seen
from sessions_ui.actions.devices.enrich import improve_device
from sessions_ui.actions.sign_in.assess_risk import judge_change
from sessions_ui.audit import events
from sessions_ui.client import ClientInfo, contradicts, improved, parse_user_agent
from sessions_ui.conf import conf
from sessions_ui.database.transactions import retried
from sessions_ui.models import Device, Event, Session
from sessions_ui.models.session import SessionQuerySet

logger = logging.getLogger(__name__)

TOLD_BY_CLIENT = ("user_agent", "browser_version", "system_version")
BEFORE = (
    *("pk", "user_id", "device_id", "impersonated_from_id", "signed_in_at", "last_seen_at"),
    *("address", "place", *TOLD_BY_CLIENT),
)


def is_due(session: Session, now: datetime) -> bool:
    return session.last_seen_at + conf.last_seen_every <= now


def touch(
    *,
    session: Session,
    digest: str,
    client: ClientInfo,
    now: datetime,
    device_cookie: str | None = None,
) -> bool:
    """Record that the session is in use, and from where; return whether a row was written.

    It can revive nothing: the write is conditional on the current digest and on not having ended. It changes no indexed
    column (a HOT update on PostgreSQL). A failure is no reason to fail the request. `device_cookie` is that cookie, as
    the request brought it.
    """
    using = router.db_for_write(Session)
    row = Session.objects.using(using).filter(
        pk=session.pk, digest=digest, ended_at__isnull=True, last_seen_at__lte=now - conf.last_seen_every
    )
    try:
        if connections[using].features.has_select_for_update_skip_locked:
            # Whoever holds the row (an ending, another touch) is not waited for.
            with transaction.atomic(using=using):
                before = _write(row, row.select_for_update(skip_locked=True), client, now)
        else:
            before = _write(row, row, client, now)
        if before is not None:
            _afterwards(before, client, now, device_cookie)
        return before is not None
    except DatabaseError:
        logger.info("Last activity of session %s was not written", session.pk, exc_info=True)
        return False


def _write(
    row: SessionQuerySet, free: SessionQuerySet, client: ClientInfo, now: datetime
) -> dict[str, Any] | None:
    """Write what changed, and return what the row said before; None where nothing was written."""
    before = free.values(*BEFORE).first()
    if before is None or not row.update(last_seen_at=now, **_changes(before, client)):
        return None
    return before


def _afterwards(
    before: Mapping[str, Any], client: ClientInfo, now: datetime, device_cookie: str | None
) -> None:
    """Do what else follows from a touch.

    This is not done while its row is locked: an ending locks the staff member's session first and this one after it, a
    sign-in locks the device first, and the two would wait for each other.
    """
    if before["impersonated_from_id"] is not None:
        _keep_origin_awake(before["impersonated_from_id"], now)
        return
    if is_first_use(before, now):
        note_cookie_seen(device_pk=before["device_id"], user_pk=before["user_id"], cookie=device_cookie)
    if not _changes(before, client).keys().isdisjoint(TOLD_BY_CLIENT):
        _on_another_client(before, client)


def _keep_origin_awake(origin_pk: int, now: datetime) -> None:
    """Mark the staff member's own session as used.

    Staff at work in somebody's account is not idle, so that session must not run out meanwhile.
    """
    rows = Session.objects.using(router.db_for_write(Session)).filter(pk=origin_pk, ended_at__isnull=True)
    retried(partial(rows.update, last_seen_at=now))


def _changes(before: Mapping[str, Any], client: ClientInfo) -> dict[str, Any]:
    """Return the columns that say something else now.

    The place is compared by itself, because the address may not be kept (`STORE_ADDRESSES`). A version is not forgotten
    because this request came without hints.
    """
    known = replace(
        parse_user_agent(before["user_agent"]),
        browser_version=before["browser_version"],
        system_version=before["system_version"],
    )
    described = client.client if contradicts(known, client.client) else improved(known, client.client)
    now = {
        "address": client.address,
        "place": client.place.to_dict() if client.place else None,
        "user_agent": client.user_agent,
        "browser_version": described.browser_version,
        "system_version": described.system_version,
    }
    return {name: value for name, value in now.items() if value != before[name]}


def _on_another_client(before: Mapping[str, Any], client: ClientInfo) -> None:
    """Describe the device better where hints are better, and record and flag another browser family or system.

    A stolen session looks like that in the middle. The headers alone are compared, because one request comes with hints
    and another without.
    """
    device = Device.objects.filter(pk=before["device_id"]).first()
    if device is not None:
        improve_device(device=device, client=client.client)
    old, new = parse_user_agent(before["user_agent"]), parse_user_agent(client.user_agent)
    if contradicts(old, new):
        events.append(
            Event.Kind.CLIENT_CHANGED,
            user_id=before["user_id"],
            session_id=before["pk"],
            device=device,
            data={"from": [old.browser, old.system], "to": [new.browser, new.system]},
            address=client.address,
            user_agent=client.user_agent,
        )
        judge_change(before["pk"], before["user_id"], old, new, client)
