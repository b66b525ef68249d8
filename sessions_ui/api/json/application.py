"""The API as a whole: its rooms, its errors and its document."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.operation import Operation

from sessions_ui.api.json import problems
from sessions_ui.api.json.body import StrictParser
from sessions_ui.api.json.document import completed
from sessions_ui.api.json.exact import exactly
from sessions_ui.api.json.idempotency import once
from sessions_ui.api.json.limit import Limit
from sessions_ui.api.json.own.devices import router as own_devices
from sessions_ui.api.json.own.history import router as own_history
from sessions_ui.api.json.own.sessions import router as own_sessions
from sessions_ui.api.json.own.tokens import router as own_tokens
from sessions_ui.api.json.own.unused import router as own_unused
from sessions_ui.api.json.programs.events import router as events
from sessions_ui.api.json.programs.health import router as health
from sessions_ui.api.json.programs.incidents import router as incidents
from sessions_ui.api.json.programs.sessions import router as any_sessions
from sessions_ui.api.json.programs.webhooks import router as webhooks

OWN = (own_sessions, own_devices, own_unused, own_tokens, own_history)
PROGRAMS = (any_sessions, incidents, events, webhooks, health)
NAMESPACE = "sessions_ui_json"
MOST_PREFIXES = 4


class Api(NinjaAPI):
    """django-ninja's, with answers and a document of our own."""

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        response: Any = problems.answer(request, exc)
        return response

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> Any:
        """Return the document, which is made once for each prefix that the site is served under: it takes 0.1 s, and
        anybody may ask."""
        prefix = str(options)
        if prefix not in self._documents:
            if len(self._documents) == MOST_PREFIXES:
                self._documents.clear()
            self._documents[prefix] = completed(super().get_openapi_schema(**options), self)
        return self._documents[prefix]

    @cached_property
    def _documents(self) -> dict[str, Any]:
        return {}


def make() -> Api:
    """Return the API, with all of its operations."""
    api = Api(
        title="Sessions and devices",
        version="1",
        description="Who is signed in where, and the end of it. docs/api.md has the words.",
        urls_namespace=NAMESPACE,
        # Its page needs files that only an installed app serves; without, it would ask a CDN.
        docs_url="/docs" if "ninja" in settings.INSTALLED_APPS else None,
        parser=StrictParser(),
        throttle=[Limit()],
    )
    api.add_decorator(once, mode="operation")
    api.add_decorator(exactly(api), mode="operation")
    for router in (*OWN, *PROGRAMS):
        api.add_router("", router)
    return api


api = make()
