"""The server that is written to is killed, and another takes its place."""

from __future__ import annotations

import time

from tests.clusters.galera import Galera
from tests.clusters.load import Crowd
from tests.clusters.people import living, somebody
from tests.clusters.postgresql import PostgreSQL
from tests.clusters.processes import Processes, kill, wait_until
from tests.clusters.report import Report
from tests.clusters.site import Web, migrate, use
from tests.clusters.writer import OneWriter

LEAVING, STAYING = 1_000, 20  # people
BEFORE, STALLED, AFTER = 5.0, 2.0, 8.0  # seconds of load
NOTICED = 2.0  # seconds until somebody promotes the standby


def postgresql(
    processes: Processes, *, waits: bool, stalls: bool, level: str = "on", decisions: str = ""
) -> Report:
    """`waits`: for a synchronous standby. `stalls`: the standby gets nothing in the last seconds before. `level`: the
    server's own `synchronous_commit`; `decisions`: ours (SYNCHRONOUS_COMMIT)."""
    report = Report()
    servers = PostgreSQL(processes)
    servers.start()
    servers.configure("synchronous_commit", level)
    use(processes, DATABASE_URL=servers.url, SYNCHRONOUS_COMMIT=decisions)
    migrate()
    leaving, staying = somebody(LEAVING), somebody(STAYING)
    if waits:
        servers.wait_for_standby()
    web = Web(processes)
    weak = web.weaknesses()
    report.expect(weak == ([] if waits else ["no_synchronous_standby"]), f"/healthz says {weak}")
    with Crowd(web.url, leaving=leaving, staying=staying) as load:
        time.sleep(BEFORE)
        if stalls:
            servers.stall()
            time.sleep(STALLED)
        killed = time.monotonic()
        servers.kill_primary()
        time.sleep(NOTICED)
        servers.promote()
        promoted = time.monotonic()
        time.sleep(AFTER)
    forget_connections()
    report.lost = living(load.acknowledged)
    report.count(load, since=killed)
    report.expect(report.acknowledged, "nobody was signed out at all")
    report.expect(living(staying) == 2 * STAYING, "a session of somebody who stays has ended")
    report.expect(report.seconds <= promoted - killed + 3, "errors long after the promotion")
    report.notes.append(f"promoted after {promoted - killed:.1f} s")
    if waits:
        report.expect(not report.lost, f"{report.lost} acknowledged endings lost")
    return report


def forget_connections() -> None:
    """Those of this process lead to a server that is gone."""
    from django.db import connections

    for connection in connections.all():
        connection.close()
        if pool := getattr(connection, "pool", None):
            pool.check()


def galera(processes: Processes) -> Report:
    """Three nodes, one writer; the writer's node is killed."""
    report = Report()
    cluster = Galera(processes)
    cluster.start()
    writer = OneWriter(cluster.ports)
    use(processes, DATABASE_URL=cluster.url(writer.port))
    migrate()
    leaving, staying = somebody(LEAVING), somebody(STAYING)
    careless = Web(processes, "careless", DATABASE_URL=cluster.url(cluster.ports[0], sync_wait=0))
    report.expect(careless.weaknesses() == ["stale_reads"], "/healthz does not name wsrep_sync_wait=0")
    kill(careless.process)
    web = Web(processes)
    report.expect(web.weaknesses() == [], f"/healthz says {web.weaknesses()}")
    with Crowd(web.url, leaving=leaving, staying=staying) as load:
        time.sleep(BEFORE)
        killed = time.monotonic()
        cluster.kill(0)
        wait_until(
            lambda: any(a.at > killed and not a.is_error for a in list(load.answers)), "the site answers"
        )
        answered = time.monotonic()
        time.sleep(AFTER)
    forget_connections()
    report.lost = living(load.acknowledged)
    report.count(load, since=killed)
    report.expect(not report.lost, f"{report.lost} acknowledged endings lost")
    report.expect(report.acknowledged, "nobody was signed out at all")
    report.expect(living(staying) == 2 * STAYING, "a session of somebody who stays has ended")
    report.expect(report.seconds <= answered - killed + 3, "errors long after the failover")
    report.notes.append(f"answers again after {answered - killed:.1f} s")
    return report
