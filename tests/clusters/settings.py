"""The site as it runs in production, on plain HTTP and without collected static files. The servers of the clusters are
named by its own variables.

QUEUE_TYPE=quorum: RabbitMQ's replicated queues (docs/scaling.md, "The broker").
"""

from __future__ import annotations

from config.settings import *  # noqa: F403
from config.settings import STORAGES, env

STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if (queue_type := env.str("QUEUE_TYPE", default="")) != "":
    CELERY_TASK_DEFAULT_QUEUE_TYPE = queue_type
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # its queues are no quorum queues
