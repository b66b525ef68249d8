"""How rows of anybody look to a program that may see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from sessions_ui.api.json.fields import Shape, moment
from sessions_ui.api.json.shapes import DeviceShape, PlaceShape, device_shape, place_shape
from sessions_ui.models import Session


class AnySession(Shape):
    id: str
    user: str | None = Field(description="The primary key of the account.")
    kind: str
    living: bool
    device: DeviceShape | None
    signed_in_at: datetime | None
    last_seen_at: datetime
    expires_at: datetime
    method: str
    acr: str
    amr: list[str]
    provider: str
    organization_id: str | None
    impersonator: str | None = Field(description="The member of staff who uses the account in it.")
    address: str | None
    first_address: str | None
    user_agent: str
    place: PlaceShape | None
    verdict: str
    metadata: dict[str, Any] = Field(description="What a program keeps with it.")
    ended_at: datetime | None
    end_reason: str
    ended_by: str | None
    act: str | None
    refused_at: datetime | None = Field(
        description="The first request that was refused: the proof of the ending."
    )
    tabs_told_at: datetime | None


def any_session(session: Session) -> dict[str, Any]:
    return {
        "id": session.public_id,
        "user": text(session.user_id),
        "kind": session.kind,
        "living": session.is_living,
        "device": device_shape(session.device),
        "signed_in_at": moment(session.signed_in_at),
        "last_seen_at": moment(session.last_seen_at),
        "expires_at": moment(session.expires_at),
        "method": session.method,
        "acr": session.acr,
        "amr": session.amr,
        "provider": session.provider,
        "organization_id": session.organization_id,
        "impersonator": text(session.impersonator_id),
        "address": session.address,
        "first_address": session.first_address,
        "user_agent": session.user_agent,
        "place": place_shape(session.current_place),
        "verdict": session.verdict,
        "metadata": session.metadata or {},
        "ended_at": moment(session.ended_at),
        "end_reason": session.why_over,
        "ended_by": text(session.ended_by_id),
        "act": text(session.act_id),
        "refused_at": moment(session.refused_at),
        "tabs_told_at": moment(session.tabs_told_at),
    }


def text(key: Any) -> str | None:
    """Return a primary key as answers have it."""
    return None if key is None else str(key)
