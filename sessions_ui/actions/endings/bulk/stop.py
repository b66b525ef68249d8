"""Stop an ending that is under way, go on with it, and try again what has failed."""

from __future__ import annotations

from django.db import router, transaction
from django.db.models import QuerySet
from django.utils import timezone

from sessions_ui.actions.acting_session import verify_acting_session_without_lock
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Ending, EndingBatch
from sessions_ui.services.queueing import queue_endings_task


@atomically
def stop(ending: Ending) -> bool:
    """Begin no further batch of this ending; return whether it was under way. One that is under way is finished."""
    running = Ending.objects.filter(pk=ending.pk, done_at__isnull=True, stopped_at__isnull=True)
    return bool(running.update(stopped_at=timezone.now()))


@atomically
def resume(ending: Ending) -> bool:
    """Go on with an ending that was stopped; return whether it was."""
    stopped = Ending.objects.filter(pk=ending.pk, done_at__isnull=True, stopped_at__isnull=False)
    resumed = bool(stopped.update(stopped_at=None))
    if resumed:
        transaction.on_commit(queue_endings_task, using=router.db_for_write(Ending))
    return resumed


def retry_failed(endings: QuerySet[Ending]) -> int:
    """Put the failed batches of these endings back in the queue, from the first attempt on; return how many.

    Raises `SessionEnded` where the session of the request that asks has ended meanwhile.
    """
    verify_acting_session_without_lock()
    keys = list(endings.values_list("pk", flat=True))
    again = EndingBatch.objects.filter(ending__in=keys, failed_at__isnull=False).update(
        failed_at=None, attempts=0, leased_until=None
    )
    if again:
        Ending.objects.filter(pk__in=keys).update(done_at=None)
        queue_endings_task()
    return again
