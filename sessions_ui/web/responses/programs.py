"""Answers for programs: problem details (RFC 9457) where they ask for JSON, else a line of text."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from sessions_ui import context
from sessions_ui.web.responses.headers import PRIVATE
from sessions_ui.web.responses.navigation import wants_json


def not_signed_in(request: HttpRequest, kind: str, text: str, *, is_gone: bool = False) -> HttpResponse:
    """Answer 401 to a program: problem details where it asks for JSON, else a line of text. RFC 9110 (11.6.1) asks for
    a challenge with it, but none of the registered ones is for cookies, and browsers ask nobody for one that they do
    not know.

    An app of allauth's headless API reads `meta` as well; `is_gone` says that the session whose key it has sent is
    over, which is 410 there.
    """
    if context.acting_app() is not None:
        response: HttpResponse = problem(
            410 if is_gone else 401, kind, text, meta={"is_authenticated": False}
        )
    else:
        response = problem(401, kind, text) if wants_json(request) else line_of_text(401, text)
    response.headers["WWW-Authenticate"] = "Session"
    return response


def line_of_text(status: int, text: str) -> HttpResponse:
    return HttpResponse(
        text,
        status=status,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": PRIVATE},
    )


class ProblemDetails(JsonResponse):
    """Problem details, with `kind` for whoever handles the answer: a search of the body would find what a client has
    sent, too."""

    kind = ""


def problem(status: int, kind: str, title: str, **more: Any) -> ProblemDetails:
    """Return problem details; `more` are members beside the ones of RFC 9457."""
    response = ProblemDetails(
        {"type": f"urn:sessions-ui:{kind}", "title": title, "status": status, **more},
        status=status,
        content_type="application/problem+json",
        headers={"Cache-Control": PRIVATE},
    )
    response.kind = kind
    return response
