"""What a session costs PostgreSQL: `python -m benchmarks.capacity [SESSIONS]`, for docs/scaling.md.

Share of HOT updates, and for a look-up, a "last seen" and an ending the processor time of the server's own process, as
the kernel counts it, and the bytes of WAL. On a server of its own; needs Linux and PostgreSQL's programs. The bytes of
a row are measured by `measures/row_bytes.py`.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.clusters.postgresql import PostgreSQL
from tests.clusters.processes import Processes
from tests.clusters.site import migrate, use

A_USER = 5  # sessions
SAMPLE = 2_000  # look-ups
WRITES = 500
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def main(number: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Processes(Path(folder)) as processes:
        server = PostgreSQL(processes)
        server.start_alone()
        use(processes, DATABASE_URL=server.url)
        migrate()
        fill(number)
        for name, figure in figures(number):
            print(f"| {name} | {figure} |", flush=True)


def fill(number: int) -> None:
    """One person signs in with a browser, and is copied: users, devices, sessions and their events."""
    from django.contrib.auth import get_user_model, login
    from django.contrib.auth.models import AnonymousUser
    from django.test import RequestFactory

    from benchmarks.fill import _our_sessions, analyze, copies, key
    from sessions_ui.models import Event, EventDetail
    from sessions_ui.store import SessionStore

    model = get_user_model()
    user = model.objects.create_user("first@bench.example", None)
    request: Any = RequestFactory().get("/", headers={"User-Agent": FIREFOX}, REMOTE_ADDR="192.0.2.77")
    request.session, request.user = SessionStore(), AnonymousUser()
    login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
    request.session.save()
    users = number // A_USER
    copies(model, user.pk, users, {"email": "'user' || i || '@bench.example'"})
    owner = f"{user.pk} + 1 + mod(i, {users})"
    _our_sessions(request.session.session_key, number, 1, {"user_id": owner})
    event = Event.objects.filter(kind=Event.Kind.SIGNED_IN).latest("pk")
    session = f"{request.session.session_id} + i"
    copies(Event, event.pk, number, {"user_id": owner, "session_id": session})
    detail = EventDetail.objects.filter(event=event).first()
    if detail is not None:
        copies(EventDetail, detail.pk, number, {"event_id": f"{event.pk} + i"})
    analyze()
    assert SessionStore(key(number)).get_user().pk == user.pk + 1 + number % users


def figures(number: int) -> Iterator[tuple[str, str]]:
    from benchmarks.fill import key
    from sessions_ui import session_lookup
    from sessions_ui.actions.endings.end import end_user_sessions
    from sessions_ui.actions.sessions.activity import touch
    from sessions_ui.client import ClientInfo
    from sessions_ui.models import EndReason, Session, digest_of

    digests = [digest_of(key(random.randint(1, number))) for _ in range(SAMPLE)]
    yield "a look-up, as Django sends it", cost(session_lookup.find, digests)
    statement = session_lookup._look_up("default").statements[0]

    def prepared(digest: str) -> None:
        with raw().cursor() as cursor:
            cursor.execute(statement.sql, (digest,) * statement.times, prepare=True).fetchone()

    yield "a look-up, prepared", cost(prepared, digests)

    from datetime import timedelta

    from django.utils import timezone

    session = Session.objects.get(digest=digests[0])
    client = ClientInfo(address=session.address or "", user_agent=FIREFOX, client=parsed(FIREFOX), place=None)
    later = timezone.now() + timedelta(hours=1)
    living = list(Session.objects.filter(digest__in=set(digests[:WRITES])))

    def seen(row: Session) -> None:
        assert touch(session=row, digest=row.digest, client=client, now=later)

    yield "a “last seen”", cost(seen, living)
    people = list({row.user_id: row.user for row in living}.values())
    ended = Session.objects.filter(user__in=people, ended_at__isnull=True).count() / len(people)
    end: Callable[[Any], Any] = lambda user: end_user_sessions(  # noqa: E731
        user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE
    )
    yield f"an ending of {ended:.0f} sessions, with events and mail", cost(end, people)
    one("SELECT pg_stat_force_next_flush()::text")
    hot, updates = row_of(
        "SELECT n_tup_hot_upd, n_tup_upd FROM pg_stat_user_tables WHERE relname = 'sessions_ui_session'"
    )
    yield "updates of sessions that are HOT", f"{hot / max(updates, 1):.0%} of {updates:,}"


def parsed(user_agent: str) -> Any:
    from sessions_ui.client.user_agent import parse

    return parse(user_agent)


def cost(work: Callable[[Any], Any], items: list[Any]) -> str:
    """Of one, when all are done one after another; the first tenth is there to get warm."""
    warm = max(len(items) // 10, 1)
    for item in items[:warm]:
        work(item)
    measured = items[warm:]
    time, wal = processor_time(), written()
    for item in measured:
        work(item)
    microseconds = (processor_time() - time) / len(measured) / 1000
    return f"{microseconds:,.0f} µs of the server, {(written() - wal) / len(measured):,.0f} bytes of WAL"


def processor_time() -> int:
    """Nanoseconds that the server's process for our connection has computed."""
    return int(Path(f"/proc/{raw().info.backend_pid}/schedstat").read_text().split()[0])


def written() -> int:
    """Bytes of WAL since the server was made, by whoever is connected."""
    return int(one("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))


def raw() -> Any:
    from django.db import connection

    connection.ensure_connection()
    return connection.connection


def one(sql: str) -> Any:
    return row_of(sql)[0]


def row_of(sql: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
