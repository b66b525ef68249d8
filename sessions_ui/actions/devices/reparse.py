"""Apply new rules to what was stored under old ones: parse user agents again, look places up again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from django.db import router

from sessions_ui.actions.devices.enrich import DESCRIBED, description
from sessions_ui.client import Client, contradicts, improved
from sessions_ui.client.place import Places, places_in
from sessions_ui.client.user_agent import parse
from sessions_ui.conf import conf
from sessions_ui.database.transactions import in_transaction
from sessions_ui.models import Cursor, Device, Session
from sessions_ui.models.locking import locked

CURSOR = "reparse"
BATCH = 200  # rows a transaction: SQLite has one writer, and it must not wait long (docs/architecture.md)
LOOKED_AT = (
    "id", "device_id", "first_user_agent", "user_agent", "browser_version", "system_version",
    "first_address", "address", "first_place", "place",
)  # fmt: skip
WRITTEN = ("browser_version", "system_version", "first_place", "place")


@dataclass(slots=True)
class Report:
    """How many rows were looked at, and how many read otherwise now."""

    looked_at: int = 0
    sessions: int = 0
    devices: int = 0


def reparse(
    *,
    with_places: bool = False,
    batch_size: int = BATCH,
    dry_run: bool = False,
    from_start: bool = False,
    progress: Callable[[Report], object] = lambda report: None,
) -> Report:
    """Walk all sessions of users, including ended ones, in batches by primary key; return what was found.

    An interrupted walk goes on where it stopped. Running twice at once does no harm. Hints are not stored, so what only
    they told is kept: a rule may correct a name, but not forget a version.
    """
    places = places_in(conf.geoip_path, conf.geoip_asn_path) if with_places else None
    report = Report()
    position = 0 if from_start else Cursor.read(CURSOR)
    while sessions := _sessions(position, batch_size, places, report, dry_run=dry_run):
        _devices(sessions, report, dry_run=dry_run)
        position = sessions[-1].pk
        if not dry_run:
            Cursor.write(CURSOR, position)
        progress(report)
    if not dry_run:
        Cursor.write(CURSOR, 0)
    return report


def _sessions(
    after: int, batch_size: int, places: Places | None, report: Report, *, dry_run: bool
) -> list[Session]:
    """Read and write one batch in a transaction of its own: a touch meanwhile gives up, an ending waits."""
    using = router.db_for_write(Session)
    rows = Session.objects.using(using).filter(pk__gt=after, user__isnull=False).order_by("pk")

    def reread() -> tuple[list[Session], list[Session]]:
        found = list((rows if dry_run else locked(rows)).only(*LOOKED_AT)[:batch_size])
        changed = [session for session in found if _reread(session, places)]
        if not dry_run:
            Session.objects.using(using).bulk_update(changed, WRITTEN)
        return found, changed

    found, changed = in_transaction(reread, using=using)
    report.looked_at += len(found)
    report.sessions += len(changed)
    return found


def _reread(session: Session, places: Places | None) -> bool:
    before = [getattr(session, name) for name in WRITTEN]
    described = parse(session.user_agent)
    known = replace(described, browser_version=session.browser_version, system_version=session.system_version)
    told = improved(known, described)
    session.browser_version, session.system_version = told.browser_version, told.system_version
    if places is not None:
        for address, place in (("address", "place"), ("first_address", "first_place")):
            found = places.of(getattr(session, address))
            if found is not None:
                setattr(session, place, found.to_dict())
    return before != [getattr(session, name) for name in WRITTEN]


def _devices(sessions: list[Session], report: Report, *, dry_run: bool) -> None:
    """Describe each device by its latest sign-in.

    This is a transaction of its own, because a sign-in locks the device first.
    """
    headers = {
        session.device_id: session.first_user_agent or session.user_agent
        for session in sessions
        if session.device_id is not None
    }
    using = router.db_for_write(Device)
    rows = Device.objects.using(using).filter(pk__in=headers).order_by("pk")

    def describe() -> list[Device]:
        changed = []
        for device in rows if dry_run else locked(rows):
            told = corrected(Client(**description(device)), parse(headers[device.pk]))
            if _describe(device, told):
                changed.append(device)
        if not dry_run:
            Device.objects.using(using).bulk_update(changed, DESCRIBED)
        return changed

    report.devices += len(in_transaction(describe, using=using))


def corrected(old: Client, new: Client) -> Client:
    """Return `old`, as stored, with what today's rules make of the same header.

    Where they say otherwise they are right, except about what only looks like something else without hints, and what
    they do not know.
    """
    told = improved(old, new)
    if contradicts(old, new):
        told = replace(old, **dict(_known_parts(new)))
    if told.system != new.system and new.system:
        return told  # unmasked by hints: an iPad, whose header is a Mac's
    return replace(
        told,
        kind=new.kind or told.kind,
        maker=new.maker if new.model else told.maker,
        model=new.model or told.model,
    )


def _known_parts(client: Client) -> Iterator[tuple[str, str]]:
    for field in fields(client):
        if value := getattr(client, field.name):
            yield field.name, value


def _describe(device: Device, client: Client) -> bool:
    told: dict[str, Any] = {name: getattr(client, name) for name in DESCRIBED}
    changed = told != description(device)
    for name, value in told.items():
        setattr(device, name, value)
    return changed
