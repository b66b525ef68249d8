"""Whether people are told in time, and what is weak about the database servers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connections
from django.db import router as databases
from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from sessions_ui import outbox
from sessions_ui.api.json.auth import programs
from sessions_ui.api.json.fields import Shape, moment
from sessions_ui.database.servers import examine
from sessions_ui.metrics.health import is_outbox_late, is_worker_late
from sessions_ui.models import Checkpoint, Heartbeat, Session

router = Router(tags=["Health"])


class Health(Shape):
    status: str = Field(description="`ok`, or `weak` where something below is late or weak.")
    worker_seen_at: datetime | None
    worker_late: bool
    oldest_message: float | None = Field(description="Seconds that the oldest message has been waiting.")
    messages_late: bool
    database: list[str] = Field(description="Weaknesses of the database servers, by name.")
    sealed_at: datetime | None
    sealed_up_to: int = Field(description="The last place of the sealed log.")


@router.get("/admin/health", auth=programs("sessions:admin:read"), response=Health, summary="Health")
def health(request: HttpRequest) -> Any:
    """What `manage.py sessions health` says. That this answers says that the database is there."""
    seen, waiting = Heartbeat.last("worker"), outbox.oldest_open()
    weaknesses = [str(each) for each in examine(connections[databases.db_for_write(Session)])]
    late = is_worker_late(seen), is_outbox_late(waiting)
    last = Checkpoint.objects.order_by("-number").values("at", "last").first()
    return {
        "status": "weak" if any(late) or weaknesses else "ok",
        "worker_seen_at": moment(seen),
        "worker_late": late[0],
        "oldest_message": None if waiting is None else waiting.total_seconds(),
        "messages_late": late[1],
        "database": weaknesses,
        "sealed_at": moment(last["at"]) if last else None,
        "sealed_up_to": last["last"] if last else 0,
    }
