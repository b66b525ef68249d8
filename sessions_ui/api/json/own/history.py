"""What happened in one's own account, as far as its owner is told."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from sessions_ui.api.json.auth import own
from sessions_ui.api.json.paging import Cursor, Limit, Page, page_of
from sessions_ui.api.json.shapes import OwnEvent, own_event_shape
from sessions_ui.models import Event
from sessions_ui.wording.events import HISTORY_KINDS, TOKEN_KINDS

router = Router(tags=["Own history"])

TOLD = tuple(dict.fromkeys((*HISTORY_KINDS, *TOKEN_KINDS)))


class History(Page):
    data: list[OwnEvent]


@router.get("/history", auth=own("sessions:read"), response=History, summary="History")
def history(request: HttpRequest, limit: Limit, cursor: Cursor) -> Any:
    """What happened to sign-ins, devices and access tokens of the account, the newest first. Who of others did it, and
    what staff noted, is not told."""
    user: Any = request.user
    events = Event.objects.filter(user_id=user.pk, kind__in=TOLD)
    rows = events.select_related("session", "device").defer("session__payload")
    found, following = page_of(rows, limit=limit, cursor=cursor)
    return {"data": [own_event_shape(event, viewer=user.pk) for event in found], "next": following}
