"""Sessions, events and access tokens in the shapes of WorkOS, which its published clients read (docs/workos.md).

Used by the API and by webhooks, so that both say the same. Nothing here is a key, a digest or the name of a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from sessions_ui.assurance import MAILED_CODE
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.models import AccessToken, EndReason, Event, EventDetail, Session
from sessions_ui.models.primary import all_users
from sessions_ui.user_model import email_field_name

CREATED, REVOKED = "session.created", "session.revoked"
# Which events of the log each of WorkOS's is. What came over from another engine had begun there.
KINDS: dict[str, tuple[str, ...]] = {
    CREATED: (Event.Kind.SIGNED_IN, Event.Kind.IMPERSONATED),
    REVOKED: (Event.Kind.ENDED,),
}
NAMES = {kind: name for name, kinds in KINDS.items() for kind in kinds}
PREFIX = "event_"

# By the first step of the sign-in; a second factor has no word of its own there.
METHODS = {"password": "password", "passkey": "passkey", MAILED_CODE: "magic_code"}
# A rule ended these, nobody's decision: what WorkOS calls expired.
RAN_OUT = frozenset({EndReason.IDLE_TIMEOUT, EndReason.ABSOLUTE_TIMEOUT, EndReason.EXPIRED, EndReason.UNUSED})
BY_STAFF = frozenset({EndReason.ADMINISTRATOR, EndReason.HELP_DESK, EndReason.INCIDENT})
DOTS = "..."


def stamp(moment: datetime | None) -> str | None:
    """Return the moment as WorkOS writes it: UTC, milliseconds, `Z`."""
    if moment is None:
        return None
    return moments.in_utc(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event_id(pk: int) -> str:
    """Return the id of the event with this key, the same in the API and in webhooks."""
    return f"{PREFIX}{pk}"


def key_in(identity: str) -> int | None:
    """Return the key of the event with this id; None for what is none."""
    digits = identity.removeprefix(PREFIX)
    if not identity.startswith(PREFIX) or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        return None
    return int(digits)


def session_document(session: Session, staff: Mapping[Any, str]) -> dict[str, Any]:
    """Return a session that lives. `staff`: e-mail addresses of those who use somebody's account (`addresses_of()`)."""
    return {
        **_begun(session, staff),
        "ip_address": session.address,
        "user_agent": session.user_agent or None,
        "status": "active",
        "ended_at": None,
        "updated_at": stamp(session.last_seen_at),
    }


def _begun(session: Session, staff: Mapping[Any, str]) -> dict[str, Any]:
    """Return what does not change any more once the session has begun, and until when it lasts."""
    document: dict[str, Any] = {
        "object": "session",
        "id": session.public_id,
        "user_id": str(session.user_id),
        "auth_method": auth_method(session),
        "expires_at": stamp(session.expires_at),
        "created_at": stamp(session.signed_in_at or session.created_at),
    }
    if session.organization_id:
        document["organization_id"] = session.organization_id
    if session.impersonator_id is not None:
        email = staff.get(session.impersonator_id) or ""
        document["impersonator"] = {"email": email, "reason": session.impersonation_reason or None}
    return document


def auth_method(session: Session) -> str:
    """Return how it was signed in, in WorkOS's words."""
    if session.impersonator_id is not None:
        return "impersonation"
    if session.provider:
        return "sso" if session.provider in conf.providers else "oauth"
    return METHODS.get(session.method.partition("+")[0], "unknown")


def addresses_of(sessions: Iterable[Session]) -> dict[Any, str]:
    """Return the e-mail addresses of the members of staff who use an account in one of these sessions, by their keys.
    One statement, none where there are none."""
    keys = {session.impersonator_id for session in sessions} - {None}
    field = email_field_name()
    if not keys or field is None:
        return {}
    return dict(all_users().filter(pk__in=keys).values_list("pk", field))


def told(events: QuerySet[Event], names: Iterable[str] = KINDS) -> QuerySet[Event]:
    """Return those of the events that WorkOS's clients have a name for, of these names. An access token is no session
    there, and of a session that was erased nothing is left to tell."""
    kinds = [kind for name in names for kind in KINDS.get(name, ())]
    of_session = Q(session__public_id__isnull=False) & ~Q(session__kind=Session.Kind.TOKEN)
    return events.filter(of_session, kind__in=kinds).select_related("session", "detail")


def event_document(event: Event, staff: Mapping[Any, str], *, addresses: bool = True) -> dict[str, Any]:
    """Return an event of `told()`, as it was when it happened.

    `addresses`: with the network address and the user agent, where these are still known.
    """
    assert event.session is not None
    name = NAMES[event.kind]
    then = _when_begun(event) if name == CREATED else _when_ended(event)
    data = {**_begun(event.session, staff), **then}
    if not addresses:
        data |= {"ip_address": None, "user_agent": None}
    return {
        "object": "event",
        "id": event_id(event.pk),
        "event": name,
        "data": data,
        "created_at": stamp(event.at),
        "context": context_of(event),
    }


def _when_begun(event: Event) -> dict[str, Any]:
    detail = _detail_of(event)
    return {
        "ip_address": detail.address if detail else None,
        "user_agent": (detail.user_agent if detail else "") or None,
        "status": "active",
        "ended_at": None,
        "updated_at": stamp(event.at),
    }


def _when_ended(event: Event) -> dict[str, Any]:
    session = event.session
    assert session is not None
    return {
        "ip_address": session.address,
        "user_agent": session.user_agent or None,
        "status": "expired" if event.reason in RAN_OUT else "revoked",
        "ended_at": stamp(event.at),
        "updated_at": stamp(event.at),
    }


def _detail_of(event: Event) -> EventDetail | None:
    return getattr(event, "detail", None)


def context_of(event: Event) -> dict[str, Any]:
    """Return who did it, by what, and what was before; of nobody a name."""
    actor: dict[str, Any] = {"id": "system", "source": "system", "name": None}
    if event.actor_id is not None:
        actor = {"id": str(event.actor_id), "source": source_of(event), "name": None}
    document: dict[str, Any] = {"actor": actor}
    if NAMES[event.kind] == REVOKED:
        document["previous_attributes"] = {"status": "active", "ended_at": None}
    return document


def source_of(event: Event) -> str:
    """Return where somebody did it: a program, the administration, or a page of their own."""
    if event.reason == EndReason.API:
        return "api"
    return "admin_portal" if event.reason in BY_STAFF else "dashboard"


def key_document(token: AccessToken) -> dict[str, Any]:
    """Return an access token as a key of its user."""
    session = token.session
    return {
        "object": "api_key",
        "id": session.public_id,
        "owner": {
            "type": "user",
            "id": str(session.user_id),
            "organization_id": session.organization_id or None,
        },
        "name": token.name,
        "obfuscated_value": f"{conf.token_prefix}_{DOTS}{token.hint}",
        "last_used_at": stamp(token.last_used_at),
        "expires_at": stamp(session.expires_at),
        "permissions": token.scope_names,
        "created_at": stamp(session.signed_in_at),
        "updated_at": stamp(session.rotated_at or session.signed_in_at),
    }
