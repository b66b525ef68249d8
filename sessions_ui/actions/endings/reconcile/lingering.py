"""End at once what should not be signed in, instead of waiting for the sweep (`sweep.py`)."""

from __future__ import annotations

from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.acting_session import verify_acting_session_without_lock
from sessions_ui.actions.endings.bridged.shut_out import end_of_shut_out
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.endings.reconcile.unlawful import BATCH, end_if_unlawful
from sessions_ui.metrics.lingering import CERTAIN, CONDITIONS, Kind, sessions_of_kind
from sessions_ui.models import EndReason, Session
from sessions_ui.protocols import HasPk

MOST = 1000  # of a kind: a request waits for them


def end_lingering(*, actor: HasPk) -> int:
    """End what is signed in and should not be, up to `MOST` of each kind; return how many sessions ended.

    Credentials of other packages that accounts have which are switched off end as well; they are not counted.

    Each is judged once more on its locked row, because it may be over, or right, by now. What is merely old or unused
    stays: somebody has to decide that. `actor` is who asked for it, and who ends what is on a lost device; the others
    end by the rule that refuses them. Raises what `end_sessions()` does, and `NotTheOwner` where staff uses an account.
    """
    context.require_owner()
    verify_acting_session_without_lock()
    now = timezone.now()
    ended = 0
    for kind in (kind for kind in CERTAIN if kind in CONDITIONS):
        found = sessions_of_kind(kind, now)
        keys = [] if found is None else list(found.order_by("pk").values_list("pk", flat=True)[:MOST])
        for start in range(0, len(keys), BATCH):
            ended += _end(kind, keys[start : start + BATCH], actor)
    end_of_shut_out()
    return ended


def _end(kind: Kind, keys: list[int], actor: HasPk) -> int:
    if kind is not Kind.LOST:
        return end_if_unlawful(keys)
    # No request is refused because of its device, which may be found again: this ends what the report should have.
    lost = Session.objects.filter(pk__in=keys, device__lost_at__isnull=False)
    return end_sessions(sessions=lost, reason=EndReason.DEVICE_LOST, actor=actor).ended
