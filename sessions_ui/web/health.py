"""The health check for load balancers: it answers within two seconds, and with 200 as long as this process reaches its
database."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import Error, connections, router
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from sessions_ui.database.servers import Weakness, examine
from sessions_ui.models import Session

SECONDS = 1.5  # for the database; the rest of two seconds is for the answer
CONNECT_SECONDS = 2  # libpq accepts no less
# What a connection of ours may take on top of what the host has set, by vendor; a thread that waits for a server which
# says nothing at all is left behind, and the next check gets another thread.
OPTIONS: dict[str, dict[str, Any]] = {
    "postgresql": {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": CONNECT_SECONDS * 1000},
    "mysql": {"connect_timeout": CONNECT_SECONDS, "read_timeout": CONNECT_SECONDS},
}
asking = ThreadPoolExecutor(max_workers=4, thread_name_prefix="sessions-ui-health")


@login_not_required
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 `{"status": "ok"}`, or 503 where the database cannot be reached or written to.

    Other weaknesses of the database servers are named beside it (`servers.py`), but are no reason to take this process
    out. Nor is a late worker: the administration shows that. Makes no session and needs none.
    """
    found = _in_time(asking.submit(_ask, router.db_for_write(Session)))
    if found is None:
        return JsonResponse({"status": "database unreachable"}, status=503)
    details = {"database": found} if found else {}
    if Weakness.ONLY_READS in found:
        return JsonResponse({"status": "database only reads", **details}, status=503)
    return JsonResponse({"status": "ok", **details})


def _in_time(answer: Future[list[Weakness]]) -> list[Weakness] | None:
    """Return what was found out; None where the database gave no answer in time."""
    wait([answer], SECONDS)
    if not answer.done():
        answer.cancel()  # has an effect only while no thread has started it
        return None
    if (error := answer.exception()) is None:
        return answer.result()
    if not isinstance(error, Error):
        raise error
    return None


def _ask(alias: str) -> list[Weakness]:
    """Ask the database on a connection of its own: those of a pool may all be taken, or have died with a server that is
    back by now."""
    connection = connections[alias].copy()
    options = {**connection.settings_dict["OPTIONS"], **OPTIONS.get(connection.vendor, {})}
    options.pop("pool", None)
    connection.settings_dict["OPTIONS"] = options
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return examine(connection)
    finally:
        connection.close()
