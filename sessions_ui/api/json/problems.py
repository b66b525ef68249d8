"""What is not done is answered as problem details (RFC 9457), whoever raised what: a page, or a text that only people
read, is no answer for a program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja.errors import AuthenticationError, HttpError, ValidationError

from sessions_ui import context
from sessions_ui.api import answers, failures
from sessions_ui.api.bearer import refused
from sessions_ui.exceptions import (
    BearerRefused,
    KeyRotated,
    OutcomeUnknown,
    SessionEnded,
    SignInRefused,
    TryAgain,
)
from sessions_ui.web.responses.errors.exceptions import answer_to
from sessions_ui.web.responses.programs import problem

PROBLEM = "application/problem+json"
MOST_ERRORS = 20  # of one body that are named


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
        or answers.answer_to(error)
        or answers.response_of(failures.answer_for(request, error), None)
    )


def _worded(error: Problem) -> HttpResponse:
    response = problem(error.status, error.kind, error.title, **error.members)
    for name, value in error.headers.items():
        response.headers[name] = value
    return response


def nothing_here() -> HttpResponse:
    """Return the answer for what is not there, or is somebody else's: both are the same to whoever asks."""
    return answers.response_of(failures.NOTHING_HERE, None)


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
        return problem(error.status_code, "malformed", "The body is not valid JSON.")
    return None


def _is_about_path(errors: Iterable[Mapping[str, Any]]) -> bool:
    return any(each["loc"][0] == "path" for each in errors)


def not_understood(errors: Iterable[Mapping[str, Any]]) -> HttpResponse:
    """Return the answer to a body or query that says something else than it may: where, and what is wrong there."""
    told = [
        {"where": "/".join(map(str, each["loc"]))[:200], "what": str(each["msg"])[:200]} for each in errors
    ]
    return problem(422, "invalid", "The request is not valid.", errors=told[:MOST_ERRORS])
