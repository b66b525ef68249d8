"""End an access token because a program asks for it, which knows its value."""

from __future__ import annotations

from sessions_ui.actions.endings.end import Receipt, end_sessions
from sessions_ui.actions.tokens.authenticate import Bearer
from sessions_ui.models import EndReason, Session


def revoke_token(*, bearer: Bearer, by: Bearer) -> Receipt:
    """End the token of `bearer`, both of its values where one was rotated away a moment ago; return what ended.

    `by` is who asks, the same where a program ends its own. Its owner reads that an application did it, in their list
    and history. Raises `SessionEnded` where the token of whoever asks is over, `TryAgain` or `OutcomeUnknown` as
    `end_sessions()` does.
    """
    is_own = bearer.session_id == by.session_id
    return end_sessions(
        sessions=Session.objects.filter(pk=bearer.session_id),
        reason=EndReason.SIGNED_OUT if is_own else EndReason.API,
        actor=by.user,
    )
