"""How rows look in answers: never a key, a digest or what a site keeps in `request.session`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from sessions_ui.actions.endings.end import Receipt
from sessions_ui.api.json.fields import Shape, moment
from sessions_ui.client import Place
from sessions_ui.models import AccessToken, Device, Event, Session


class DeviceShape(Shape):
    id: str
    name: str = Field(description="What its owner calls it, else what it says it is.")
    kind: str
    browser: str
    system: str
    first_seen_at: datetime
    confirmed_at: datetime | None
    lost_at: datetime | None


class PlaceShape(Shape):
    country: str = Field(description="ISO 3166-1 alpha-2; empty where nobody knows.")
    region: str
    city: str


class SessionShape(Shape):
    id: str
    kind: str = Field(description="`browser`, `app` or `token`.")
    current: bool = Field(description="Whether it is the one that asks.")
    living: bool
    device: DeviceShape | None
    signed_in_at: datetime | None
    last_seen_at: datetime
    expires_at: datetime
    method: str
    provider: str
    address: str | None
    user_agent: str
    place: PlaceShape | None
    flagged: bool = Field(description="Whether its sign-in needs a look.")
    by_support: bool = Field(
        description="Whether staff uses the account in it. From where and by what is not told then."
    )
    ended_at: datetime | None
    end_reason: str
    ended_by: Literal["you", "somebody else", ""]


class Ended(Shape):
    """What an ending did."""

    ended: int
    already_ended: int
    bridged: int = Field(description="Apps and keys of other packages that ended as well.")
    act: str | None = Field(
        description="The id of the act, which its events and webhooks name; null for none."
    )


class TokenShape(Shape):
    id: str
    name: str
    scopes: list[str]
    agent: str
    hint: str
    current: bool
    living: bool
    made_at: datetime | None
    last_used_at: datetime | None
    last_address: str | None
    expires_at: datetime
    ended_at: datetime | None
    end_reason: str


class OwnEvent(Shape):
    id: int
    kind: str
    at: datetime
    session: str | None
    device: str | None
    reason: str
    by: Literal["you", "somebody else", ""]


def device_shape(device: Device | None) -> dict[str, Any] | None:
    if device is None:
        return None
    return {
        "id": device.public_id,
        "name": device.title,
        "kind": device.kind,
        "browser": device.browser,
        "system": device.system,
        "first_seen_at": moment(device.first_seen_at),
        "confirmed_at": moment(device.confirmed_at),
        "lost_at": moment(device.lost_at),
    }


def place_shape(place: Place | None) -> dict[str, Any] | None:
    if place is None or not place.is_known:
        return None
    return {"country": place.country_code, "region": place.region, "city": place.city}


def session_shape(session: Session, *, viewer: Any, current: int | None) -> dict[str, Any]:
    """Return a session as its owner `viewer` sees it; who of others has ended it is not told, nor from where support
    uses the account."""
    by_support = session.impersonated_from_id is not None
    return {
        "id": session.public_id,
        "kind": session.kind,
        "current": session.pk == current,
        "living": session.is_living,
        "device": None if by_support else device_shape(session.device),
        "signed_in_at": moment(session.signed_in_at),
        "last_seen_at": moment(session.last_seen_at),
        "expires_at": moment(session.expires_at),
        "method": session.method,
        "provider": session.provider,
        "address": None if by_support else session.address,
        "user_agent": "" if by_support else session.user_agent,
        "place": None if by_support else place_shape(session.current_place),
        "flagged": session.needs_a_look,
        "by_support": by_support,
        "ended_at": moment(session.ended_at),
        "end_reason": session.why_over,
        "ended_by": whoever(session.ended_by_id, viewer),
    }


def whoever(actor: Any, viewer: Any) -> str:
    """Return who acted, as the owner of the account is told: never a name of staff."""
    if actor is None:
        return ""
    return "you" if actor == viewer else "somebody else"


def receipt_shape(receipt: Receipt) -> dict[str, Any]:
    act = None if receipt.act is None else str(receipt.act.pk)
    return {
        "ended": receipt.ended,
        "already_ended": receipt.already_ended,
        "bridged": receipt.bridged,
        "act": act,
    }


def token_shape(token: AccessToken, *, current: int | None) -> dict[str, Any]:
    session = token.session
    return {
        "id": session.public_id,
        "name": token.name,
        "scopes": token.scope_names,
        "agent": token.agent,
        "hint": token.hint,
        "current": session.pk == current,
        "living": token.is_living,
        "made_at": moment(session.signed_in_at),
        "last_used_at": moment(token.last_used_at),
        "last_address": session.address,
        "expires_at": moment(session.expires_at),
        "ended_at": moment(session.ended_at),
        "end_reason": token.why_over,
    }


def own_event_shape(event: Event, *, viewer: Any) -> dict[str, Any]:
    return {
        "id": event.pk,
        "kind": event.kind,
        "at": moment(event.at),
        "session": event.session.public_id if event.session else None,
        "device": event.device.public_id if event.device else None,
        "reason": event.reason,
        "by": whoever(event.actor_id, viewer),
    }
