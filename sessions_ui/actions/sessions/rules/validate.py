"""Decide whether a session that was found may answer as its user. Every refusal is decided here."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import load_backend
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.db import router
from django.utils.crypto import constant_time_compare

from sessions_ui import session_lookup
from sessions_ui.actions.sessions.rules.kinds import rules_for
from sessions_ui.actions.sessions.rules.timeouts import out_of_time
from sessions_ui.conf import conf
from sessions_ui.models import EndReason, Session
from sessions_ui.models.containment import containing_generation, limits_of, with_limits
from sessions_ui.models.primary import visible_users
from sessions_ui.models.session import ACCOUNT_WAS_OFF
from sessions_ui.user_model import fallback_hashes_of

IMPERSONATE = "sessions_ui.impersonate"  # the permission


class Admission(NamedTuple):
    """The decision about a session.

    `refused`: why it is refused, otherwise None. `user`: who it is. `new_hash`: the session auth hash under the current
    secret, where a fallback secret verified the old one.
    """

    refused: EndReason | None
    user: Any
    new_hash: str = ""


def admit(session: Session, now: datetime) -> Admission:
    """Decide whether a session may answer as its user.

    The checks are those of `django.contrib.auth.get_user`, and ours, in this order: ended; ended by an incident, which
    may be in no row yet (`containment.py`); account gone or disabled; password changed; out of time; what it stands on
    is over. Of several reasons the first is named, here and by the sweep, which asks here too. It makes no statement of
    its own for a session that was looked up with its user.
    """
    if session.ended_at is not None:
        return Admission(EndReason(session.end_reason), None)
    if session.user_id is None:
        return Admission(EndReason.IDLE_TIMEOUT if session.expires_at <= now else None, AnonymousUser())
    joined = session._state.fields_cache.get("user")
    if is_contained(session, joined):
        return Admission(EndReason.INCIDENT, None)
    if session.backend not in settings.AUTHENTICATION_BACKENDS:
        return Admission(out_of_time(session, None, now), AnonymousUser())
    admission = _verify(session)
    if joined is None and admission.refused is None and is_contained(session, admission.user):
        return Admission(EndReason.INCIDENT, None)
    if admission.refused is None and (reason := out_of_time(session, admission.user, now)):
        return Admission(reason, None)
    if admission.refused is None and session.impersonated_from_id is not None:
        return admission if (reason := _withdrawn(session, now)) is None else Admission(reason, None)
    return admission


def is_contained(session: Session, user: Any) -> bool:
    """Return whether an incident has ended the session of this user; None for one who is not known yet."""
    return containing_generation(session, user, limits_of(session)) > 0


def _withdrawn(session: Session, now: datetime) -> EndReason | None:
    """Return why a staff member may not go on using an account, otherwise None.

    Their own session is over, or the permission is gone.
    """
    origin = find_origin(session, now)
    if origin is None:
        return EndReason.OWNER_ENDED
    # The look-up leaves it out, and whoever asks for it later may find the row purged.
    session.impersonator_id = origin.user_id
    return None if origin.user is not None and origin.user.has_perm(IMPERSONATE) else EndReason.ACCESS_CHANGED


def find_origin(session: Session, now: datetime) -> Session | None:
    """Return the staff member's own session from which an account is used, with its user.

    None where it would be refused itself. This costs one more statement, for such sessions only.
    """
    origin_pk: Any = session.impersonated_from_id
    rows = Session.objects.using(router.db_for_write(Session)).filter(pk=origin_pk)
    origin = (rows.select_related("user") if session_lookup.joins_user() else rows).first()
    if origin is None:
        return None
    admission = admit(with_limits(origin, limits_of(session)), now)
    return origin if admission.refused is None and admission.user.is_authenticated else None


def _verify(session: Session) -> Admission:
    backend = _backend(session.backend)
    joined = "user" in session._state.fields_cache
    if type(backend).get_user is ModelBackend.get_user:
        # As it does itself, but never from a replica: there a disabled account may still be active.
        user = session.user if joined else visible_users().filter(pk=session.user_id).first()
        if user is not None and not backend.user_can_authenticate(user):
            return Admission(EndReason.ACCOUNT_DISABLED, None)
    else:
        user = backend.get_user(session.user_id)
    if user is None:
        # A backend says no more than "nobody": gone and disabled look alike where it was asked.
        gone = joined and session.user is None
        return Admission(EndReason.ACCOUNT_DELETED if gone else EndReason.ACCOUNT_DISABLED, None)
    if session.auth_hash == ACCOUNT_WAS_OFF:
        return Admission(EndReason.ACCOUNT_DISABLED, None)
    if not rules_for(session.kind).has_auth_hash or not hasattr(user, "get_session_auth_hash"):
        return Admission(None, user)
    current = user.get_session_auth_hash()
    if session.auth_hash and constant_time_compare(session.auth_hash, current):
        return Admission(None, user)
    if session.auth_hash and any(
        constant_time_compare(session.auth_hash, fallback) for fallback in fallback_hashes_of(user)
    ):
        return Admission(None, user, new_hash=current)
    return Admission(EndReason.PASSWORD_CHANGED, None)


@lru_cache(maxsize=16)
def _backend(path: str) -> Any:
    return load_backend(path)


def straggles(session: Session, now: datetime) -> bool:
    """Whether the key, which was this session's until a rotation, was replaced within the grace: its holder is late,
    not signed out. One statement, for such requests only."""
    if session.ended_at is not None:
        return False
    rotated_at = rotated_at_of(session)
    return rotated_at is not None and rotated_at > now - conf.rotation_grace


def rotated_at_of(session: Session) -> datetime | None:
    """When its key was replaced, which the look-up leaves out; None where the row, of nobody, was removed since."""
    try:
        return session.rotated_at
    except Session.DoesNotExist:
        return None
