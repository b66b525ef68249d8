"""What is not done is answered as problem details (RFC 9457), whoever raised what: a page, or a text that only people
read, is no answer for a program."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.log import log_response
from ninja.errors import AuthenticationError, HttpError, ValidationError

from sessions_ui import context
from sessions_ui.api import answers
from sessions_ui.api.bearer import refused
from sessions_ui.database.outages import is_outage
from sessions_ui.exceptions import (
    BearerRefused,
    KeyRotated,
    OutcomeUnknown,
    SessionEnded,
    SessionsUIError,
    SignInRefused,
    TryAgain,
)
from sessions_ui.web.responses.exceptions import answer_to
from sessions_ui.web.responses.later import ONLY_READ, OUTAGE_SECONDS
from sessions_ui.web.responses.programs import problem

PROBLEM = "application/problem+json"
MOST_ERRORS = 20  # of one body that are named
AWAY = answers.Answer(503, "unavailable", "This cannot be answered just now.", OUTAGE_SECONDS)


class Problem(Exception):
    """What a request asked for is not done. `kind` is the end of the `type`, `headers` come with the answer, `members`
    stand in it."""

    def __init__(
        self, status: int, kind: str, title: str, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(f"{status} {kind}")
        self.status, self.kind, self.title = status, kind, title
        self.headers, self.members = headers or {}, members


class Answered(Exception):
    """There is an answer already, before the operation was asked."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response.status_code)
        self.response = response


def answer(request: HttpRequest, error: Exception) -> HttpResponseBase:
    """Return the answer to whatever a request of the API has raised. A mistake of ours is reported as Django reports
    all others, and answered 500."""
    if isinstance(error, Answered):
        return error.response
    if isinstance(error, Problem):
        return _worded(error)
    return (
        _to_nobody(request, error)
        or _to_ninja(error)
        or _to_django(error)
        or answers.answer_to(error)
        or _to_database(request, error)
        or _to_mistake(request, error)
    )


def _worded(error: Problem) -> HttpResponse:
    response = problem(error.status, error.kind, error.title, **error.members)
    for name, value in error.headers.items():
        response.headers[name] = value
    return response


def nothing_here() -> HttpResponse:
    """Return the answer for what is not there, or is somebody else's: both are the same to whoever asks."""
    return problem(404, "not-found", "There is no such thing here.")


def not_allowed(allow: str) -> HttpResponse:
    response = problem(405, "method-not-allowed", "This cannot be done with it.")
    response.headers["Allow"] = allow
    return response


def _to_nobody(request: HttpRequest, error: Exception) -> HttpResponseBase | None:
    """Return the answer to whoever came with a token that is over, or with a cookie whose session is."""
    if isinstance(error, BearerRefused):
        return refused(error)
    now = context.current()
    is_of_cookie = now is None or not now.is_by_token
    if is_of_cookie and isinstance(
        error, SessionEnded | KeyRotated | SignInRefused | TryAgain | OutcomeUnknown
    ):
        return answer_to(request, error)
    return None


def _to_ninja(error: Exception) -> HttpResponse | None:
    if isinstance(error, ValidationError):
        # An id that none of ours looks like is one that nobody has.
        return nothing_here() if _is_about_path(error.errors) else not_understood(error.errors)
    if isinstance(error, AuthenticationError):
        return refused(BearerRefused(None))
    if isinstance(error, HttpError):
        if isinstance(error.__context__, Problem):  # of our parser
            return _worded(error.__context__)
        return problem(error.status_code, "malformed", "The body is no JSON that could be read.")
    return None


def _is_about_path(errors: Iterable[Mapping[str, Any]]) -> bool:
    return any(each["loc"][0] == "path" for each in errors)


def not_understood(errors: Iterable[Mapping[str, Any]]) -> HttpResponse:
    """Return the answer to a body or query that says something else than it may: where, and what is wrong there."""
    told = [
        {"where": "/".join(map(str, each["loc"]))[:200], "what": str(each["msg"])[:200]} for each in errors
    ]
    return problem(422, "invalid", "The request says something that it may not.", errors=told[:MOST_ERRORS])


def _to_django(error: Exception) -> HttpResponse | None:
    if isinstance(error, Http404):
        return nothing_here()
    if isinstance(error, RequestDataTooBig):
        return too_large()
    if isinstance(error, UnreadablePostError | SuspiciousOperation | BadRequest):
        return problem(400, "malformed", "The request cannot be read.")
    if isinstance(error, PermissionDenied) and not isinstance(error, SessionsUIError):
        return forbidden()
    return None


def too_large() -> HttpResponse:
    return problem(413, "too-large", "The body is too large.")


def forbidden() -> HttpResponse:
    return problem(403, "not-allowed", answers.NOT_ALLOWED)


def _to_database(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """Return the answer where a database is away, or has refused a statement: what only reads can be asked again, of
    anything else nobody knows how far it came."""
    if not isinstance(error, Error):
        return None
    if not is_outage(error):
        _report(request)
    return answers.response_of(AWAY if request.method in ONLY_READ else answers.UNKNOWN, None)


def _to_mistake(request: HttpRequest, error: Exception) -> HttpResponse:
    _report(request)
    return problem(500, "mistake", "Something went wrong here. It was reported.")


def _report(request: HttpRequest) -> None:
    """Report the error that is being handled as Django does those of its views."""
    got_request_exception.send(sender=None, request=request)
    log_response("%s: %s", "Internal Server Error", request.path, request=request, exception=sys.exc_info()[1],
                 response=HttpResponse(status=500))  # fmt: skip
