"""Keep what a session has shown since its sign-in, and say which of that a thief of the sign-in cannot have.

The factor that was *shown* decides, never another one of the account. It has to be older than a sign-in that vouches
for nothing, or a session that vouches for itself has set it up. Otherwise whoever has the password, or a stolen cookie
as well, sets up a factor of their own and is as good as two proofs.
"""

from __future__ import annotations

from datetime import datetime

from django.db import router

from sessions_ui.assurance import RECOVERY_CODE, Authentication, Kind, Step, bounded
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.models import Session
from sessions_ui.models.locking import locked
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.protocols import HasPk


def append_shown(*, user: HasPk, session_id: int, shown: Authentication) -> None:
    """Add what was shown to the living session of its owner; to be called in a transaction that has written before.

    Two requests may add at the same moment, so the row is locked. In a session of support nothing is added.
    """
    rows = rows_of(session_id).filter(user_id=user.pk, ended_at__isnull=True)
    session = locked(rows.by_owner()).only("authentication").first()
    if session is not None:
        kept = bounded([*session.shown, shown])
        rows.update(authentication=[one.to_dict() for one in kept])


def shown_in(session_id: int) -> list[Authentication]:
    """Return what this session (its primary key) has shown by now, whatever an instance remembers; one statement."""
    session = rows_of(session_id).only("authentication").first()
    return session.shown if session is not None else []


def rows_of(session_id: int) -> SessionQuerySet:
    return Session.objects.using(router.db_for_write(Session)).filter(pk=session_id)


def aged_factors(session: Session) -> list[Authentication]:
    """Return the second factors that this session has shown, at its sign-in or later, and that were not new then.

    One that was set up after the sign-in counts only where that session vouched for itself. For who may use the help
    desk: that is not judged by the session alone, because its cookie may have been stolen, settled or not.
    """
    at = session.signed_in_at
    return [
        one
        for one in shown_in(session.pk)
        if is_second_factor(one) and is_aged(one) and (one.by_settled or is_before(one, at))
    ]


def proves(one: Authentication, signed_in_at: datetime) -> bool:
    """Return whether a thief of the sign-in at that time cannot have what was shown.

    It was set up before, and either a session has done that which vouched for itself, or it was not new when it was
    shown: the owner has had a mail about it by then. In the session that has set it up it proves nothing, because none
    vouches for itself.
    """
    return is_before(one, signed_in_at) and is_the_owners(one)


def is_the_owners(one: Authentication) -> bool:
    """Return whether it is a second factor that no thief of the password has set up lately: a session has done that
    which vouched for itself, or it was not new when it was shown."""
    return is_second_factor(one) and (one.by_settled or is_aged(one))


def is_second_factor(one: Authentication) -> bool:
    """Return whether it is something that its owner has. A recovery code is not: whoever is signed in and knows the
    password reads them all."""
    return Kind.POSSESSION in one.kinds and one.method != RECOVERY_CODE


def is_aged(one: Authentication) -> bool:
    """Return whether the credential was there for longer than `YOUNG_SESSION` when it was shown; no, where nobody
    knows."""
    return one.since is not None and one.since <= one.at - conf.young_session


def is_before(one: Authentication, signed_in_at: datetime | None) -> bool:
    """Return whether the credential was there at the sign-in; no, where nobody knows."""
    if one.since is None or signed_in_at is None:
        return False
    return moments.stored(one.since) <= signed_in_at


def is_of_sign_in(method: str, session: Session, shown: list[Authentication]) -> bool:
    """Return whether the sign-in has used a factor like this one: of two passkeys, too, both may be in one phone."""
    used = {one.method for one in shown if one.step is Step.SIGN_IN}
    return method in used or method in session.method.split("+")
