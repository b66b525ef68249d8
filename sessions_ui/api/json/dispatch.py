"""What surrounds every request of the API: what is sent is looked at before anybody reads it, and every answer is one
for programs, whatever it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from sessions_ui import context
from sessions_ui.api import answers, bodies, failures
from sessions_ui.api.json import idempotency, problems
from sessions_ui.api.json.limit import with_limit
from sessions_ui.api.json.problems import PROBLEM, Problem
from sessions_ui.web.responses.headers import keep_private
from sessions_ui.web.responses.own_transactions import own_transactions

View = Callable[..., HttpResponseBase]
# Bytes of a body: the longest lists of criteria, of 1000 people and 1000 groups, have 90,000.
LARGEST = 131_072
REQUEST_ID = "X-Request-ID"


def for_programs(view: View) -> View:
    """Decorate a view of the API. Neither a forged form nor somebody who is not signed in is Django's concern here:
    whoever acts by a cookie shows the token against forged requests to `auth.Cookie`."""

    @own_transactions
    @csrf_exempt
    @login_not_required
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.sessions_ui_program = True  # type: ignore[attr-defined]
        try:
            verify_readable(request)
            response = view(request, *args, **kwargs)
        except Exception as error:
            response = problems.answer(request, error)
        return finished(request, response)

    return answered


def verify_readable(request: HttpRequest) -> None:
    """Raise `Problem` for what no operation could make anything of: a body that is too large or of no known length, and
    characters that no database keeps."""
    try:
        is_too_large = int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST or len(request.body) > LARGEST
    except ValueError:
        raise Problem(400, "malformed", "Content-Length is not a number.") from None
    if bodies.is_unread(request):
        raise Problem(411, "length-required", bodies.TITLE)
    if is_too_large:
        raise Problem(413, "too-large", "The body is too large.")
    if any("\0" in text for text in _texts(request)):
        raise Problem(400, "malformed", "The address contains a character that is not allowed.")


def _texts(request: HttpRequest) -> Iterator[str]:
    yield request.path_info
    for name, values in request.GET.lists():
        yield name
        yield from values


def finished(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return the answer as it is sent: kept by nobody, with the names and numbers that programs go by."""
    if response.status_code >= 400 and response.headers.get("Content-Type") != PROBLEM:
        response = reworded(response)
    idempotency.remember(request, response)
    response.headers[REQUEST_ID] = context.request_id()
    keep_private(response)
    return with_limit(request, response)


def reworded(response: HttpResponseBase) -> HttpResponse:
    """Return a refusal of a framework, which has words of its own, as a problem document."""
    if response.status_code == 405:
        return answers.not_allowed(response.headers.get("Allow", ""))
    answer = failures.NOTHING_HERE if response.status_code == 404 else failures.FORBIDDEN
    return answers.response_of(answer, None)
