"""The site with short waits, so that what takes minutes on a real one is over in seconds.

LEASE_SECONDS and TIMEOUT_SECONDS: longer ones, where a test is about none of them running out. The short ones differ by
far more than a worker that has to wait for its turn on a busy machine loses between two steps.
"""

from __future__ import annotations

from datetime import timedelta

from tests.settings import *  # noqa: F403
from tests.settings import SESSIONS_UI, env

SESSIONS_UI = {
    **SESSIONS_UI,
    "DELIVERY_LEASE": timedelta(seconds=env.int("LEASE_SECONDS", default=10)),
    "DELIVERY_RETRIES": [timedelta(seconds=0.2)] * 50,
    "WEBHOOK_TIMEOUT": timedelta(seconds=env.int("TIMEOUT_SECONDS", default=1)),
    "WEBHOOK_ALLOWED_NETWORKS": ["127.0.0.0/8"],
    "WEBHOOK_ALLOW_HTTP": True,
}
CELERY_BEAT_SCHEDULE = {
    "deliver": {"task": "sessions_ui.tasks.sweep_deliveries", "schedule": timedelta(seconds=1)},
}
SILENCED_SYSTEM_CHECKS = [
    "sessions_ui.E035"
]  # a lease so short next to the timeout is no good on a real site
