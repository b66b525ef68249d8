"""Who may call: a token with a scope about everybody, of an account that may do the same in the administration."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse

from sessions_ui import context
from sessions_ui.actions.tokens.authenticate import Bearer
from sessions_ui.api.bearer import acting_in, authenticate
from sessions_ui.api.decorators import for_programs
from sessions_ui.api.introspection import SCOPE as INTROSPECT
from sessions_ui.api.request_limit import count_request
from sessions_ui.api.workos.errors import Refused, answer_to
from sessions_ui.web.responses.own_transactions import own_transactions

View = Callable[..., HttpResponse]
REQUEST_ID = "X-Request-ID"


# Whoever asks for VALIDATE has the value of the key, as with introspection.
READ_SESSIONS, READ_EVENTS, END_SESSIONS = "sessions:admin:read", "events:read", "sessions:admin:end"
KEYS, VALIDATE = "tokens:admin", INTROSPECT


def program_view(**methods: tuple[str, View]) -> View:
    """Return the view of one address: for each HTTP method the scope that it needs, and what answers.

    Whatever is raised is answered in WorkOS's shape; every answer names its request.
    """

    @own_transactions
    @for_programs
    def view(request: HttpRequest, **arguments: Any) -> HttpResponse:
        acting = acting_in(request)
        acting.is_by_token = True  # no cookie says anything here, whoever asks
        try:
            response = _answered(request, methods, arguments)
        except Exception as error:
            response = answer_to(request, error)
        return named(response)

    return view


def _answered(
    request: HttpRequest, methods: dict[str, tuple[str, View]], arguments: dict[str, Any]
) -> HttpResponse:
    if request.method not in methods:
        allowed = ", ".join(sorted(methods))
        raise Refused(405, "method_not_allowed", f"Allowed here: {allowed}.", headers={"Allow": allowed})
    scope, answer = methods[request.method]
    bearer = authenticate(request, scope)
    verify_pace(bearer)
    return answer(request, bearer, **arguments)


def verify_pace(bearer: Bearer) -> None:
    """Raise `Refused` where the token has asked too often within this minute. The clients wait for `Retry-After`."""
    left = count_request(bearer.session.pk)
    if left is not None and left.is_exceeded:
        raise Refused(
            429,
            "rate_limit_exceeded",
            f"More than {left.most} requests within a minute.",
            headers={"Retry-After": str(left.resets)},
        )


def named(response: HttpResponse) -> HttpResponse:
    """Return the response with the name that the request has in the log and in events."""
    if name := context.request_id():
        response.headers[REQUEST_ID] = name
    return response


def in_workos_shape(view: View) -> View:
    """Decorate a view that no token is needed for: what it refuses, and what cannot be read, is answered as above."""

    @wraps(view)
    def answered(request: HttpRequest, **arguments: Any) -> HttpResponse:
        try:
            return named(view(request, **arguments))
        except (Refused, SuspiciousOperation) as error:
            return named(answer_to(request, error))

    return answered


@own_transactions
@for_programs
@in_workos_shape
def unknown(request: HttpRequest) -> HttpResponse:
    """Answer 404 to whoever asks for what WorkOS has and this has not."""
    raise Refused(404, "not_found", "There is nothing at this address.")
