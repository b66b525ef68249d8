"""Decide whether a row of another engine may be adopted, and as what session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError

from sessions_ui import session_lookup
from sessions_ui.actions.endings.changes.access import flags_of
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sessions.rules.validate import admit
from sessions_ui.actions.sign_in.attempt import organization_of
from sessions_ui.adopt import OldSession, Source, payload
from sessions_ui.client import ClientInfo
from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.models import Device, EndReason, Limits, Session, digest_of
from sessions_ui.models.containment import with_limits
from sessions_ui.session_user import AUTH_KEYS

# allauth's sign-ins that wait for their next step. They carry no mark of the first one (`pending.py`), so that they
# would outlive a password reset; whoever is in the middle of one begins again.
HALF_SIGN_INS = frozenset({"account_login"})


class Skip(Enum):
    """Why a row was not adopted. The values finish the sentence "Not adopted: …"."""

    ADOPTED = "adopted before"
    EXPIRED = "expired"
    UNREADABLE = "corrupt, or signed with a SECRET_KEY that is not known here"
    USER_GONE = "its user does not exist"
    USER_DISABLED = "its user may not sign in"
    PASSWORD_CHANGED = "the password has changed since"  # noqa: S105 - a sentence
    BACKEND = "its sign-in backend is not in AUTHENTICATION_BACKENDS"
    OUT_OF_TIME = "past a timeout of this site"
    ENDED_SINCE = "all sessions of its user were ended since"


REFUSALS = {
    EndReason.ACCOUNT_DELETED: Skip.USER_GONE,
    EndReason.ACCOUNT_DISABLED: Skip.USER_DISABLED,
    EndReason.PASSWORD_CHANGED: Skip.PASSWORD_CHANGED,
    EndReason.ABSOLUTE_TIMEOUT: Skip.OUT_OF_TIME,
    EndReason.IDLE_TIMEOUT: Skip.OUT_OF_TIME,
    EndReason.INCIDENT: Skip.ENDED_SINCE,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """An old row that has been parsed, without any statement so far. `user_pk` is None for an anonymous one."""

    old: OldSession
    digest: str
    data: dict[str, Any]
    saved_at: datetime
    user_pk: Any
    backend: str
    auth_hash: str
    client: ClientInfo


def draft(old: OldSession, source: Source) -> Draft | Skip:
    decoded = payload.decode(old.payload)
    if decoded is None:
        return Skip.UNREADABLE
    data, saved_at = decoded
    user_pk = data.get(SESSION_KEY)
    if user_pk is not None:
        try:
            user_pk = get_user_model()._meta.pk.to_python(user_pk)
        except ValidationError:
            return Skip.USER_GONE
    left_behind = {*AUTH_KEYS} | source.own_keys | HALF_SIGN_INS
    return Draft(
        old=old,
        digest=digest_of(old.key),
        data={name: value for name, value in data.items() if name not in left_behind},
        saved_at=saved_at,
        user_pk=user_pk,
        backend=str(data.get(BACKEND_SESSION_KEY, ""))[:255],
        auth_hash=str(data.get(HASH_SESSION_KEY, ""))[:128],
        client=client_of({"REMOTE_ADDR": old.address or "", "HTTP_USER_AGENT": old.user_agent}),
    )


def session_from(
    made: Draft, user: Any, now: datetime, present: bool, *, is_cut: bool, limits: Limits | None = None
) -> Session | Skip:
    """Return a session that is not saved yet, with its device; or the reason to skip it.

    `present`: it is in use at this moment. `is_cut`: all sessions of its user were ended here. Whatever the old table
    says of it since, an old server may have saved, prolonged or re-keyed it after that, and nothing tells it from a new
    sign-in there.
    """
    session = Session(
        digest=made.digest,
        payload=payload.encode(made.data) if made.data else "",
        created_at=now,
        last_seen_at=now if present else min(made.saved_at, now),
        expires_at=made.old.expires_at,
    )
    if made.user_pk is None:
        return session
    signed_in_at = _signed_in_at(made, user, now)
    session.user_id = made.user_pk
    session.backend, session.auth_hash = made.backend, made.auth_hash
    session.signed_in_at = signed_in_at
    session.last_seen_at = now if present else _last_seen_at(made, signed_in_at, user, now)
    session.expires_at = _expires_at(made, signed_in_at, user)
    if session_lookup.joins_user():
        session._state.fields_cache["user"] = user
    admission = admit(with_limits(session, limits), now)
    if admission.refused is not None:
        return REFUSALS[admission.refused]
    if isinstance(admission.user, AnonymousUser):
        return Skip.BACKEND
    if is_cut:
        return Skip.ENDED_SINCE
    session.auth_hash = admission.new_hash or session.auth_hash
    session.access_flags = flags_of(admission.user)
    session.organization_id = organization_of(None, admission.user)
    session.device = Device(user_id=made.user_pk, first_seen_at=signed_in_at, from_start=True)
    describe(session, made.client)
    session.first_address, session.first_user_agent = session.address, session.user_agent
    session.first_place = session.place
    return session


def describe(session: Session, client: ClientInfo) -> None:
    """Write what is known of the client on the session and on its device."""
    session.address, session.user_agent = client.address, client.user_agent
    session.place = client.place.to_dict() if client.place else None
    session.browser_version = client.client.browser_version
    session.system_version = client.client.system_version
    if session.device is not None:
        for name in ("kind", "maker", "model", "browser", "system"):
            setattr(session.device, name, getattr(client.client, name))


def _signed_in_at(made: Draft, user: Any, now: datetime) -> datetime:
    """Return when the session was signed in: what the old table says, otherwise the latest moment that is possible.

    A session is saved after its sign-in, and `last_login` is that of the user's last one.
    """
    if made.old.signed_in_at is not None:
        return min(made.old.signed_in_at, now)
    last_login = getattr(user, "last_login", None)
    return min(made.saved_at, now, *([last_login] if last_login else []))


def _last_seen_at(made: Draft, signed_in_at: datetime, user: Any, now: datetime) -> datetime:
    """Return when the session was last used; now, where the site has an idle timeout.

    No other engine records every use, so the clock of the timeout starts now: nobody is signed out for uses that nobody
    recorded.
    """
    if for_user(conf.idle_timeout, user):
        return now
    return min(now, max(signed_in_at, made.saved_at, made.old.seen_at or signed_in_at))


def _expires_at(made: Draft, signed_in_at: datetime, user: Any) -> datetime:
    """Return the moment that the old engine had promised, but never later than our timeouts allow.

    `SessionStore._expires_at()` does the same.
    """
    limits = [for_user(conf.absolute_timeout, user)]
    if made.data.get("_session_expiry") == 0:
        limits.append(for_user(conf.not_remembered_timeout, user))
    return min([made.old.expires_at, *(signed_in_at + limit for limit in limits if limit is not None)])
