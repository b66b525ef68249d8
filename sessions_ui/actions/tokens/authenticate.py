"""Find out whose access token it is that came with a request: one statement, as for the cookie of a browser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from sessions_ui import session_lookup
from sessions_ui.actions.sessions.refuse import refuse
from sessions_ui.actions.sessions.rules.validate import admit
from sessions_ui.exceptions import BearerError, BearerRefused
from sessions_ui.models import AccessToken, Session, digest_of
from sessions_ui.token_value import is_well_formed


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who acts by an access token: what `request.auth` is, and the session that acts (`context.ActingSession`)."""

    session: Session
    token: AccessToken
    user: Any
    # The value that was rotated away, in its overlap: whatever uses it has to be told the new one.
    is_former: bool

    @property
    def session_id(self) -> int:
        return self.session.pk

    @property
    def user_id(self) -> Any:
        return self.session.user_id

    @property
    def impersonator_id(self) -> None:
        """Nobody: staff that uses an account makes no tokens."""
        return None


@sensitive_variables("value")
def authenticate_token(value: str) -> Bearer:
    """Return who acts by this access token.

    Raises `BearerRefused` (`invalid_token`) where it is none, or has ended, with the reason of the end; which of both
    it is, the client is not told. What is no token by its form costs no statement.
    """
    if not is_well_formed(value):
        raise BearerRefused(BearerError.INVALID_TOKEN)
    digest = digest_of(value, Session.Kind.TOKEN)
    # What it was refused for may be over a moment later.
    bearer = _admitted(digest) or _admitted(digest, is_final=True)
    if bearer is None:
        raise BearerRefused(BearerError.INVALID_TOKEN)
    return bearer


def _admitted(digest: str, *, is_final: bool = False) -> Bearer | None:
    """Return who acts; None where the refusal is worth another look."""
    now = timezone.now()
    session = session_lookup.find(digest, session_lookup.OF_TOKEN)
    if session is None or not _is_valid_value(session, digest, now):
        raise BearerRefused(BearerError.INVALID_TOKEN)
    admission = admit(session, now)
    if admission.refused is not None:
        if refuse(session, admission.refused, is_final=is_final):
            raise BearerRefused(BearerError.INVALID_TOKEN, reason=admission.refused)
        return None
    if not admission.user.is_authenticated:  # its backend is not in the settings any more
        raise BearerRefused(BearerError.INVALID_TOKEN)
    token: AccessToken = session.token
    token._state.fields_cache["session"] = session
    return Bearer(session, token, admission.user, is_former=session.digest != digest)


def _is_valid_value(session: Session, digest: str, now: datetime) -> bool:
    """Return whether this value is the token's: today's, or the former one within its overlap. Of one that has ended
    every value is, since the refusal is to be recorded."""
    if session.digest == digest or session.ended_at is not None:
        return True
    token: AccessToken | None = session._state.fields_cache.get("token")
    return token is not None and token.accepts_former(now)
