"""Tell the packages of a host project whether the session that acts vouches for itself, or has shown more."""

from __future__ import annotations

from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.endings.end import own_session_of
from sessions_ui.actions.step_up.codes import has_given_code, other_factor
from sessions_ui.actions.step_up.policy import acting_session, is_long_settled, is_settled
from sessions_ui.models import VerificationCode
from sessions_ui.protocols import HasPk


def acts_settled(*, user: HasPk) -> bool | None:
    """Return whether the session that acts now is this user's and vouches for itself (docs/risk.md).

    None where no session of theirs acts: in a shell or a task, and where staff does, in its own name or in theirs.
    A step of a recovery does, whichever session it is done in: what it takes away is not to lead anybody back.
    """
    if context.is_own_step():
        return True
    if not _is_acting(user):
        return None
    session = acting_session()
    return session is not None and is_settled(session, timezone.now())


def acts_as_owner(*, user: HasPk, by_code: bool = False) -> bool | None:
    """Return whether an address that the session removes now is removed by its owner, so that it leads nobody back.

    The session vouches for itself, or has shown another factor within `PROOF_AGE`. `by_code`: a mailed code will do. It
    went to all trusted addresses, so whoever reads one of these mailboxes may have given it: the caller says so only
    where an address stays that was there before the one that goes. None as for `acts_settled()`.
    """
    settled = acts_settled(user=user)
    return settled if settled is not False else _has_proven(user, by_code=by_code)


def is_surely_owner(*, user: HasPk) -> bool | None:
    """Return the same for the only address of an account: no mailed code will do, nor will being all that was ever
    signed in to it."""
    if context.is_own_step() or not _is_acting(user):
        return acts_settled(user=user)
    session = acting_session()
    if session is not None and is_long_settled(session, timezone.now()):
        return True
    return _has_proven(user, by_code=False)


def _is_acting(user: HasPk) -> bool:
    return own_session_of(user) is not None and not context.is_impersonated()


def _has_proven(user: HasPk, *, by_code: bool) -> bool:
    session = acting_session()
    if session is None:
        return False
    purpose = VerificationCode.Purpose.CREDENTIAL
    if by_code and has_given_code(user=user, session=session, purpose=purpose):
        return True
    return bool(other_factor(session))
