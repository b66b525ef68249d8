"""A history of events, half of them with a detail, is sealed in one run and verified in another, signed. *Memory* is
what each process grew by at most. *Bytes an event*: what sealing adds to the database, indexes included. *In a
receipt*: those of an act that a tenth of the events belong to, made piece by piece; the checking is that of the whole
file by the offline verifier, which reads it at once.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import OURS
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import Worker

MODULE = sys.modules[__name__]
MEGABYTES = 50
A_SECOND = 5_000  # events


def work() -> dict[str, Any]:
    import logging

    from celery import current_app
    from django.conf import settings
    from django.db import connection
    from django.utils import timezone

    from benchmarks import fill
    from benchmarks.requests import sign_in
    from sessions_ui.audit.keys import new_key, public_keys
    from sessions_ui.audit.log import records
    from sessions_ui.audit.receipt import receipt_of_act
    from sessions_ui.audit.seal import seal_events
    from sessions_ui.conf import conf
    from sessions_ui.models import Act, Checkpoint, EndReason, Event, EventDetail, Seal
    from sessions_ui.verify import Verifier, check_receipt

    current_app.conf.broker_url = "memory://"
    logging.getLogger("sessions_ui.checkpoints").setLevel(logging.WARNING)

    def prepare(count: int) -> str:
        sign_in()
        event = Event.objects.filter(kind=Event.Kind.SIGNED_IN).latest("pk")
        act = Act.objects.create(reason=EndReason.INCIDENT)
        at = f"now() - interval '2 hours' + i * interval '{7000 / count} seconds'"
        fill.copies(
            Event,
            event.pk,
            count,
            {"at": at, "act_id": f"CASE WHEN mod(i, 10) = 0 THEN '{act.pk}'::uuid END"},
        )
        salt = "decode(md5(random()::text || e.id), 'hex')"
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {EventDetail._meta.db_table} (event_id, address, user_agent, text, salt) "
                f"SELECT e.id, d.address, d.user_agent, '', {salt} FROM {Event._meta.db_table} e, "
                f"{EventDetail._meta.db_table} d WHERE d.event_id = {event.pk} AND e.id > {event.pk} "
                "AND mod(e.id, 2) = 0"
            )
        fill.analyze()
        return new_key()

    def use(key: str) -> None:
        settings.SESSIONS_UI = {**getattr(settings, "SESSIONS_UI", {}), "SEAL_KEY": key}
        conf.forget()

    def seal(key: str) -> dict[str, float]:
        use(key)
        memory, start = grown(), time.perf_counter()
        done = seal_events(seconds=3600)
        took = time.perf_counter() - start
        tables = ", ".join(
            f"pg_total_relation_size('{model._meta.db_table}')" for model in (Seal, Checkpoint)
        )
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {tables}")
            size = sum(cursor.fetchone())
        return {"count": done.events, "seconds": took, "grown": grown() - memory, "bytes": size / done.events}

    def verify(key: str) -> dict[str, float]:
        use(key)
        memory, start = grown(), time.perf_counter()
        verifier = Verifier(keys=public_keys(), now=timezone.now())
        found = list(verifier.check(records()))
        took = time.perf_counter() - start
        assert not found, found[:3]
        return {"count": verifier.seen.events, "seconds": took, "grown": grown() - memory}

    def receipt(key: str, path: str) -> dict[str, float]:
        use(key)
        memory, start = grown(), time.perf_counter()
        with Path(path).open("w", encoding="utf-8") as file:
            file.writelines(receipt_of_act(Act.objects.get()))
        return {"seconds": time.perf_counter() - start, "grown": grown() - memory}

    def check(key: str, path: str) -> dict[str, float]:
        use(key)
        memory, start = grown(), time.perf_counter()
        with Path(path).open(encoding="utf-8") as file:
            made = json.load(file)
        assert check_receipt(made, keys=public_keys()) == []
        took = time.perf_counter() - start
        return {"count": len(made["entries"]), "seconds": took, "grown": grown() - memory}

    def grown() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    return {"prepare": prepare, "seal": seal, "verify": verify, "receipt": receipt, "check": check}


def measure(scale: Scale) -> Result:
    with postgres("seal") as database, TemporaryDirectory(prefix="devices-bench-") as folder:
        with Worker(OURS, MODULE, database) as worker:
            key = worker.ask("prepare", count=scale.rows)
            sealed = worker.ask("seal", key=key)
        with Worker(OURS, MODULE, database, fresh=False) as worker:
            verified = worker.ask("verify", key=key)
        path = str(Path(folder) / "receipt.json")
        with Worker(OURS, MODULE, database, fresh=False) as worker:
            proven = worker.ask("receipt", key=key, path=path)
        with Worker(OURS, MODULE, database, fresh=False) as worker:
            checked = worker.ask("check", key=key, path=path)
    proven["count"] = checked["count"]
    rates = {name: found["count"] / found["seconds"] for name, found in (("s", sealed), ("v", verified))}
    return Result(
        title=f"Sealing and verifying {scale.rows:,} events",
        text=(__doc__ or "").strip(),
        head=["", "events", "seconds", "events/s", "memory", "bytes an event"],
        rows=[
            ["sealed", *row(sealed, rates["s"]), f"{sealed['bytes']:.0f}"],
            ["verified", *row(verified, rates["v"]), ""],
            ["in a receipt", *row(proven, proven["count"] / proven["seconds"]), ""],
            ["in a receipt, checked", *row(checked, checked["count"] / checked["seconds"]), ""],
        ],
        targets=[
            Target("Sealing: events a second", rates["s"], least=A_SECOND),
            Target("Verifying: events a second", rates["v"], least=A_SECOND),
            Target("Verifying: memory that it takes", verified["grown"], most=MEGABYTES, unit="MB"),
            Target("A receipt: memory that it takes", proven["grown"], most=MEGABYTES, unit="MB"),
        ],
    )


def row(found: dict[str, float], rate: float) -> list[str]:
    return [f"{found['count']:,}", f"{found['seconds']:.0f}", f"{rate:,.0f}", f"{found['grown']:.1f} MB"]
