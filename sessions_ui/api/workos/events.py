"""Events, in the order of the sealed log: whoever has read up to one has missed none."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from sessions_ui.actions.tokens.authenticate import Bearer
from sessions_ui.api.workos.errors import wrong
from sessions_ui.api.workos.fields import moment_of, parameter
from sessions_ui.api.workos.paging import list_document, page_of, paging_of
from sessions_ui.audit.places import place_before, place_of
from sessions_ui.models import Event
from sessions_ui.wording.workos import addresses_of, event_document, key_in, told

PLACE = "seal__position"


def list_events(request: HttpRequest, bearer: Bearer) -> HttpResponse:
    """Answer with events of these names, the oldest first; a name that nothing here has finds none.

    An event is there once it is sealed, a minute after it was committed at most. One that commits late comes after what
    was sealed before it, also where it happened earlier.
    """
    names = (parameter(request, "events") or "").split(",")
    if not any(names):
        raise wrong("events", "required", "`events` is required: names of events, with commas between them.")
    paging = paging_of(request, order="asc")
    events = told(Event.objects.filter(**{f"{PLACE}__gt": 0}), names)
    if since := parameter(request, "range_start"):
        start = moment_of("range_start", since)
        events = events.filter(at__gt=start, **{f"{PLACE}__gt": place_before(start)})
    if until := parameter(request, "range_end"):
        events = events.filter(at__lt=moment_of("range_end", until))
    if organization := parameter(request, "organization_id"):
        events = events.filter(session__organization_id=organization)
    page = page_of(events, paging, key=PLACE, place_of=_place_of)
    staff = addresses_of(event.session for event in page.rows)
    return JsonResponse(list_document(page, paging, [event_document(each, staff) for each in page.rows]))


def _place_of(identity: str) -> int | None:
    pk = key_in(identity)
    return None if pk is None else place_of(pk)
