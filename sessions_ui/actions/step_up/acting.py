"""Tell the packages of a host project whether the session that acts vouches for itself."""

from __future__ import annotations

from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.endings.end import own_session_of
from sessions_ui.actions.step_up.policy import acting_session, is_settled
from sessions_ui.protocols import HasPk


def acts_settled(*, user: HasPk) -> bool | None:
    """Return whether the session that acts now is this user's and vouches for itself (docs/risk.md).

    None where no session of theirs acts: in a shell or a task, and where staff does, in its own name or in theirs.
    A step of a recovery does, whichever session it is done in: what it takes away is not to lead anybody back.
    """
    if context.is_own_step():
        return True
    if own_session_of(user) is None or context.is_impersonated():
        return None
    session = acting_session()
    return session is not None and is_settled(session, timezone.now())
