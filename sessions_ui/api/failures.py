"""What a program is told of whatever else is raised, by Django, a database, or a mistake of ours: in the shape of the
API that was asked, and never as a page."""

from __future__ import annotations

import sys

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.log import log_response

from sessions_ui.api import answers
from sessions_ui.api.answers import Answer
from sessions_ui.database.outages import is_outage
from sessions_ui.exceptions import SessionsUIError
from sessions_ui.web.responses.errors.later import ONLY_READ, OUTAGE_SECONDS

NOTHING_HERE = Answer(404, "not-found", "There is nothing here.")
TOO_LARGE = Answer(413, "too-large", "The body is too large.")
UNREADABLE = Answer(400, "malformed", "The request cannot be read.")
FORBIDDEN = Answer(403, "not-allowed", answers.NOT_ALLOWED)
AWAY = Answer(503, "unavailable", "This cannot be answered at the moment.", OUTAGE_SECONDS)
MISTAKE = Answer(500, "mistake", "Something went wrong here. It was reported.")


def answer_for(request: HttpRequest, error: Exception) -> Answer:
    """Return what a program is told of an error that is none of ours (`answers.answer_for()` knows those). A mistake is
    reported as Django reports all others."""
    if isinstance(error, Http404):
        return NOTHING_HERE
    if isinstance(error, RequestDataTooBig):
        return TOO_LARGE
    if isinstance(error, UnreadablePostError | MultiPartParserError | SuspiciousOperation | BadRequest):
        return UNREADABLE
    if isinstance(error, PermissionDenied) and not isinstance(error, SessionsUIError):
        return FORBIDDEN
    if isinstance(error, Error):
        return _of_database(request, error)
    _report(request)
    return MISTAKE


def _of_database(request: HttpRequest, error: Error) -> Answer:
    """Return the answer where a database is away, or has refused a statement: what only reads can be asked again, of
    anything else nobody knows how far it came."""
    if not is_outage(error):
        _report(request)
    return AWAY if request.method in ONLY_READ else answers.UNKNOWN


def _report(request: HttpRequest) -> None:
    """Report the error that is being handled as Django does those of its views."""
    got_request_exception.send(sender=None, request=request)
    log_response("%s: %s", "Internal Server Error", request.path, request=request, exception=sys.exc_info()[1],
                 response=HttpResponse(status=500))  # fmt: skip
