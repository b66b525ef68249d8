"""The outbox: who must be told, who is telling them now, who was told.

Each delivery is made at least once: a worker that dies between telling and recording it tells again; receivers
deduplicate by the delivery's id (for mails the Message-ID).
"""

from sessions_ui.outbox.claims import claim, claim_held_with, due, mark_done
from sessions_ui.outbox.enqueue import (
    TOLD_BY_MAIL,
    again,
    enqueue_act,
    enqueue_awaited,
    enqueue_bridged,
    enqueue_checkpoint,
    enqueue_ended,
    enqueue_event,
    enqueue_ping,
    enqueue_sealed,
    enqueue_webhooks,
    hook_of,
    join,
    leave_out,
    sum_up_later,
)
from sessions_ui.outbox.retries import PAUSE, hold, put_off, retry_or_park, wait_for_server
from sessions_ui.outbox.waiting import is_held_up, oldest_open, open_about, open_deliveries

__all__ = [
    "PAUSE",
    "TOLD_BY_MAIL",
    "again",
    "claim",
    "claim_held_with",
    "due",
    "enqueue_act",
    "enqueue_awaited",
    "enqueue_bridged",
    "enqueue_checkpoint",
    "enqueue_ended",
    "enqueue_event",
    "enqueue_ping",
    "enqueue_sealed",
    "enqueue_webhooks",
    "hold",
    "hook_of",
    "is_held_up",
    "join",
    "leave_out",
    "mark_done",
    "oldest_open",
    "open_about",
    "open_deliveries",
    "put_off",
    "retry_or_park",
    "sum_up_later",
    "wait_for_server",
]
