"""Answers that ask for another try: what was asked for was not done, or it cannot be said whether it was."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from sessions_ui.web.responses.headers import PRIVATE
from sessions_ui.web.responses.navigation import wants_json
from sessions_ui.web.responses.programs import line_of_text, problem
from sessions_ui.web.responses.redirects import turns_away

RETRY_SECONDS = 1
OUTAGE_SECONDS = 5
ROTATED = "session-key-rotated"
ONLY_READ = ("GET", "HEAD", "OPTIONS")


def try_again(request: HttpRequest) -> HttpResponse:
    """Answer 409 where the key of the session was replaced while this request was under way. Nothing was done and
    nobody signed out: the browser has the new key by now. Where the answer with it was lost, it tries in vain until
    `ROTATION_GRACE` is over, and is led to the sign-in page then."""
    text = _("Your sign-in was renewed at the same moment. Please try again.")
    response = keeping_cookies(_later(request, 409, ROTATED, text))
    if request.method in ("GET", "HEAD"):
        response.headers["Refresh"] = str(RETRY_SECONDS)
    return response


def renewed(request: HttpRequest) -> HttpResponse:
    """Answer as `try_again()`, where a view had been at work: what it did may be in force, only its session was not
    saved."""
    if request.method in ONLY_READ:
        return try_again(request)
    text = _(
        "Your sign-in was renewed at the same moment. We can’t tell whether this was done: please check again in a "
        "moment."
    )
    return keeping_cookies(_later(request, 409, ROTATED, text))


def busy(request: HttpRequest) -> HttpResponse:
    """Answer 503 where the database refused what was asked for, or was not there, and nothing of it was done. Nobody is
    signed out, no cookie is touched."""
    text = _("We couldn’t do this just now, and nothing was changed. Please try again.")
    return keeping_cookies(_later(request, 503, "busy", text))


def unknown(request: HttpRequest) -> HttpResponse:
    """Answer 503 where the connection was lost when it mattered: only another look can say whether it was done."""
    text = _("The connection was lost. We can’t tell whether this was done: please check again in a moment.")
    return _later(request, 503, "outcome-unknown", text, OUTAGE_SECONDS)


def in_part(request: HttpRequest) -> HttpResponse:
    """Answer 503 where what was asked for is saved, but what should follow from it was refused."""
    text = _(
        "This was saved, but we couldn’t do everything that follows from it just now. Please check "
        "again in a moment."
    )
    return _later(request, 503, "done-in-part", text)


def unavailable(request: HttpRequest) -> HttpResponse:
    """Answer 503 where the database was not there for something that was no action of ours. Nobody is signed out. What
    only reads was not done; of anything else an earlier part may have been."""
    if request.method not in ONLY_READ:
        return unknown(request)
    text = _("We can’t show this just now. It doesn’t sign you out: please try again in a moment.")
    return _later(request, 503, "unavailable", text, OUTAGE_SECONDS)


def _later(
    request: HttpRequest, status: int, kind: str, text: str, seconds: int = RETRY_SECONDS
) -> HttpResponse:
    """Return a page for a browser, problem details for a program that wants JSON, a line of text for any other. Needs
    neither the database nor the session."""
    response: HttpResponse
    if wants_json(request):
        response = problem(status, kind, text)
    elif "text/html" in request.headers.get("Accept", ""):
        response = HttpResponse(render_to_string("sessions_ui/later.html", {"text": text}), status=status)
    else:
        response = line_of_text(status, text)
    response.headers["Retry-After"] = str(seconds)
    response.headers["Cache-Control"] = PRIVATE
    return response


def keeping_cookies(response: HttpResponse) -> HttpResponse:
    response.sessions_ui_keeps_cookies = True  # type: ignore[attr-defined]
    return response


def keeps_cookies(response: HttpResponseBase) -> bool:
    """Return whether the cookies that the browser has by now are the valid ones."""
    return getattr(response, "sessions_ui_keeps_cookies", False)


def straggler_response(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return the response to a request with a key that was valid a moment ago. No cookie is deleted, and where the view
    turned the client away it is told to try again with the new key. A page for anybody stays as it is."""
    return try_again(request) if turns_away(response) else response
