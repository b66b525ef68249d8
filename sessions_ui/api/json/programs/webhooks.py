"""Where webhooks go, and what became of each: to read. People enter endpoints, and are shown their secret."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Path, Router
from pydantic import Field

from sessions_ui.api.json.auth import programs
from sessions_ui.api.json.fields import Shape, moment
from sessions_ui.api.json.paging import LARGEST_KEY, Cursor, Limit, Page, page_of
from sessions_ui.api.json.programs.shapes import text
from sessions_ui.models import Delivery, Endpoint

router = Router(tags=["Webhooks"])
READ = programs("webhooks:read")

EndpointId = Annotated[int, Path(ge=1, le=LARGEST_KEY, description="The id of the endpoint.")]


class EndpointShape(Shape):
    id: int
    url: str
    description: str
    types: list[str]
    addresses: bool = Field(description="Whether it is told network addresses.")
    created_at: datetime
    disabled_at: datetime | None
    disabled_why: str


class Attempts(Shape):
    id: int
    state: str = Field(description="`open`, `delivered` or `given_up`.")
    act: str | None
    event: int | None
    checkpoint: int | None
    attempts: int
    created_at: datetime
    due_at: datetime
    delivered_at: datetime | None
    given_up_at: datetime | None
    error: str


class Endpoints(Page):
    data: list[EndpointShape]


class Deliveries(Page):
    data: list[Attempts]


@router.get("/admin/webhooks", auth=READ, response=Endpoints, summary="List webhook endpoints")
def list_endpoints(request: HttpRequest, limit: Limit, cursor: Cursor) -> Any:
    found, following = page_of(_endpoints(), limit=limit, cursor=cursor)
    return {"data": [_endpoint(endpoint) for endpoint in found], "next": following}


@router.get(
    "/admin/webhooks/{int:endpoint_id}", auth=READ, response=EndpointShape, summary="One webhook endpoint"
)
def one_endpoint(request: HttpRequest, endpoint_id: EndpointId) -> Any:
    return _endpoint(_by_key(endpoint_id))


@router.get(
    "/admin/webhooks/{int:endpoint_id}/deliveries",
    auth=READ,
    response=Deliveries,
    summary="What became of its messages",
)
def list_deliveries(request: HttpRequest, endpoint_id: EndpointId, limit: Limit, cursor: Cursor) -> Any:
    """Messages to the endpoint, the newest first, with how often each was tried."""
    endpoint = _by_key(endpoint_id)
    found, following = page_of(Delivery.objects.filter(endpoint_id=endpoint.pk), limit=limit, cursor=cursor)
    return {"data": [_attempts(delivery) for delivery in found], "next": following}


def _endpoints() -> Any:
    return Endpoint.objects.defer("secret", "former_secret")


def _by_key(key: int) -> Endpoint:
    found: Endpoint | None = _endpoints().filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.pk,
        "url": endpoint.url,
        "description": endpoint.description,
        "types": endpoint.types,
        "addresses": endpoint.addresses,
        "created_at": moment(endpoint.created_at),
        "disabled_at": moment(endpoint.disabled_at),
        "disabled_why": endpoint.disabled_why,
    }


def _attempts(delivery: Delivery) -> dict[str, Any]:
    state = "delivered" if delivery.done_at else "given_up" if delivery.parked_at else "open"
    return {
        "id": delivery.pk,
        "state": state,
        "act": text(delivery.act_id),
        "event": delivery.event_id,
        "checkpoint": delivery.checkpoint_id,
        "attempts": delivery.attempts,
        "created_at": moment(delivery.created_at),
        "due_at": moment(delivery.due_at),
        "delivered_at": moment(delivery.done_at),
        "given_up_at": moment(delivery.parked_at),
        "error": delivery.error,
    }
