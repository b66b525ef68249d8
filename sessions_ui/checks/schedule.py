"""What has to run by itself, now and then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from celery import current_app
from django.conf import settings
from django.core import checks

from sessions_ui.tasks import PERIODIC

# Celery's name for it today in the namespace that its documentation proposes for Django, and the one before.
SETTINGS = ("CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE")


def periodic_tasks(**kwargs: Any) -> list[checks.CheckMessage]:
    scheduled = set(scheduled_tasks())
    missing = [task.name for task in PERIODIC if task.name not in scheduled]
    if not missing:
        return []
    return [
        checks.Warning(
            f"No schedule of Celery beat names {', '.join(missing)}.",
            hint="Complete CELERY_BEAT_SCHEDULE (README.md). Where it is in the database (django-celery-beat) "
            "or cron runs the commands (docs/production.md), nothing can be seen of it here: put sessions_ui.W038 into "
            "SILENCED_SYSTEM_CHECKS.",
            id="sessions_ui.W038",
        )
    ]


def scheduled_tasks() -> Iterator[str]:
    """Names of tasks, from Django's settings and from the Celery app of the project, whatever its namespace."""
    current_app.finalize()  # by then `add_periodic_task()` has been called
    for schedule in (current_app.conf.beat_schedule, *(getattr(settings, name, None) for name in SETTINGS)):
        for entry in (schedule or {}).values():
            yield entry["task"] if isinstance(entry, dict) else entry.task
