"""A mail that somebody waits for on the screen."""

from __future__ import annotations

from sessions_ui.database.transactions import after_commit
from sessions_ui.models import Event


def deliver_after_commit(event: Event, *, using: str) -> None:
    """Have the mails about `event`, which are in the outbox of the database `using`, sent once it is committed: by a
    worker, or by this request where none is at work."""

    def deliver_now() -> None:
        # Here, not above: the channels are a worker's, and few other processes ever need them.
        from sessions_ui.delivery import deliver_awaited

        deliver_awaited(event)

    after_commit(deliver_now, using=using)
