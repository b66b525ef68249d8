"""Keeping "last seen": throttled, conditional, best effort."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connections, router, transaction

from sessions_ui.client import ClientInfo
from sessions_ui.conf import conf
from sessions_ui.models import Device, Session
from sessions_ui.models.session import SessionQuerySet

logger = logging.getLogger(__name__)


def is_due(session: Session, now: datetime) -> bool:
    return session.last_seen_at + conf.last_seen_every <= now


def touch(*, session: Session, digest: str, client: ClientInfo, now: datetime) -> bool:
    """Note that the session is in use, and from where; returns whether a row was written.

    It can revive nothing: the write is conditional on the current digest and on not having ended. It changes no
    indexed column (a HOT update on PostgreSQL). A failure is no reason to fail the request.
    """
    using = router.db_for_write(Session)
    row = Session.objects.using(using).filter(
        pk=session.pk, digest=digest, ended_at__isnull=True, last_seen_at__lte=now - conf.last_seen_every
    )
    try:
        if not connections[using].features.has_select_for_update_skip_locked:
            return _write(row, row, client, now)
        # Whoever holds the row (an ending, another touch) is not waited for.
        with transaction.atomic(using=using):
            return _write(row, row.select_for_update(skip_locked=True), client, now)
    except DatabaseError:
        logger.info("Last activity of session %s was not written", session.pk, exc_info=True)
        return False


def _write(row: SessionQuerySet, free: SessionQuerySet, client: ClientInfo, now: datetime) -> bool:
    before = free.values("address", "user_agent", "device_id").first()
    if before is None:
        return False
    fields: dict[str, Any] = {"last_seen_at": now}
    if client.address != before["address"]:
        fields["address"] = client.address
        fields["place"] = client.place.to_dict() if client.place else None
    if client.user_agent != before["user_agent"]:
        fields["user_agent"] = client.user_agent
        fields["browser_version"] = client.client.browser_version
        fields["system_version"] = client.client.system_version
    written = bool(row.update(**fields))
    if written and before["device_id"] is not None and not before["user_agent"] and client.user_agent:
        _name_device(before["device_id"], client)
    return written


def _name_device(device_id: int, client: ClientInfo) -> None:
    """Sessions adopted from Django's own engine (docs/adoption.md) come without any description of their device."""
    unknown = Device.objects.filter(pk=device_id, kind="", browser="", system="")
    unknown.update(
        **{name: getattr(client.client, name) for name in ("kind", "maker", "model", "browser", "system")}
    )
