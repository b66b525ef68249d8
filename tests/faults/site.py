"""The site with short waits, so that what takes minutes on a real one is over in seconds."""

from __future__ import annotations

from datetime import timedelta

from tests.settings import *  # noqa: F403
from tests.settings import SESSIONS_UI

SESSIONS_UI = {
    **SESSIONS_UI,
    "DELIVERY_LEASE": timedelta(seconds=4),
    "DELIVERY_RETRIES": [timedelta(seconds=0.2)] * 50,
    "WEBHOOK_TIMEOUT": timedelta(seconds=1),
    "WEBHOOK_ALLOWED_NETWORKS": ["127.0.0.0/8"],
    "WEBHOOK_ALLOW_HTTP": True,
}
CELERY_BEAT_SCHEDULE = {
    "deliver": {"task": "sessions_ui.tasks.sweep_deliveries", "schedule": timedelta(seconds=1)},
}
SILENCED_SYSTEM_CHECKS = [
    "sessions_ui.E035"
]  # a lease so short next to the timeout is no good on a real site
