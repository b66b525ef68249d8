"""What a row takes on PostgreSQL with its share of the indexes and of what is kept beside the table (TOAST): 100,000
sign-ins of 20,000 people on a device each, with place (City and ASN files), address, ordinary user agents and a second
factor, in the order in which they happen. Keys are random, so their indexes are as loose as a site's. Each session was
ended since, those of a page one after another. Nothing was purged: a site grows by this (docs/production.md, "Growth").
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import OURS
from benchmarks.scale import Scale
from benchmarks.tables import Result
from benchmarks.workers import Worker

MODULE = sys.modules[__name__]
ROWS = 100_000
PEOPLE = 20_000
BATCH = 10_000
PARTS = 20
PLACE = """jsonb_build_object('city', 'City ' || mod(i, 900), 'region', 'Region ' || mod(i, 90), 'country', 'Germany',
 'country_code', 'DE', 'latitude', 47 + mod(i, 700) / 100.0, 'longitude', 6 + mod(i, 900) / 100.0, 'radius_km', 20,
 'network', 'Deutsche Telekom AG', 'private', false)"""
ADDRESS = "'91.0.0.0'::inet + i * 7"


def work() -> dict[str, Any]:
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.db import connection

    from benchmarks import fill
    from benchmarks.requests import sign_in
    from benchmarks.urls import USERNAME
    from sessions_ui.models import Device, Event, EventDetail, Session

    def prepare() -> None:
        cookie = sign_in()[settings.SESSION_COOKIE_NAME]
        users: Any = get_user_model()
        bench = users._default_manager.get(username=USERNAME)
        fill.copies(users, bench.pk, PEOPLE, {"username": "'user' || i"})
        last = users._default_manager.order_by("pk").last().pk
        event = Event.objects.filter(kind=Event.Kind.SIGNED_IN).latest("pk")
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT setval('{_sequence(Event)}', {event.pk})")
        for first in range(1, ROWS + 1, BATCH):
            person = f"{last} - mod(i, {PEOPLE})"
            at = f"now() - ({ROWS} - i) * interval '1 minute'"
            of_session = {"user_id": person, "signed_in_at": at, "created_at": at, "last_seen_at": at}
            of_session |= {"method": "'password+totp'", "first_country": "'DE'"}
            of_session |= dict.fromkeys(("address", "first_address"), ADDRESS)
            of_session |= dict.fromkeys(("place", "first_place"), PLACE)
            fill.sessions(cookie, BATCH, of_session, first=first)
            for kind, reason in (("signed_in", ""), ("ended", "signed_out")):
                session = Session.objects.latest("pk").pk - BATCH - first + 1
                changes = {"user_id": person, "session_id": f"{session} + i", "device_id": f"{session} + i"}
                changes |= {"kind": f"'{kind}'", "reason": f"'{reason}'", "at": at}
                fill.copies(Event, event.pk, BATCH, changes, first=first)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {EventDetail._meta.db_table} (event_id, address, user_agent, text, salt) "
                f"SELECT e.id, d.address, d.user_agent, '', decode(md5(e.id::text), 'hex') "
                f"FROM {Event._meta.db_table} e, "
                f"{EventDetail._meta.db_table} d WHERE d.event_id = {event.pk} "
                f"AND e.kind = 'signed_in' AND e.id > {event.pk}"
            )
            for part in range(PARTS):  # as on a site, where the rows of a page end at different times
                cursor.execute(
                    f"UPDATE {Session._meta.db_table} SET ended_at = now(), end_reason = 'signed_out', "
                    f"ended_by_id = user_id WHERE mod(id, {PARTS}) = {part}"
                )
        fill.analyze()

    def _sequence(model: Any) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [model._meta.db_table])
            return str(cursor.fetchone()[0])

    def sizes() -> dict[str, list[float]]:
        """Bytes a row: the table, its indexes, all with TOAST."""
        found = {}
        with connection.cursor() as cursor:
            for model in (Session, Device, Event, EventDetail):
                table = model._meta.db_table
                cursor.execute(
                    f"SELECT pg_relation_size('{table}'), pg_indexes_size('{table}'), "
                    f"pg_total_relation_size('{table}'), count(*) FROM {table}"
                )
                *bytes_of, rows = cursor.fetchone()
                found[str(model._meta.verbose_name)] = [size / rows for size in bytes_of]
        return found

    return {"prepare": prepare, "sizes": sizes}


def measure(scale: Scale) -> Result:
    with postgres("row_bytes") as database, Worker(OURS, MODULE, database) as worker:
        worker.ask("prepare")
        found = worker.ask("sizes")
    return Result(
        title="Bytes a row",
        text=(__doc__ or "").strip(),
        head=["row", "table", "indexes", "all"],
        rows=[[name, *(f"{size:,.0f}" for size in sizes)] for name, sizes in found.items()],
    )
