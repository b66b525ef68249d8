"""Answers to a client whose session has ended, or whose sign-in was refused."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from sessions_ui import context
from sessions_ui.conf import conf
from sessions_ui.models import EndReason
from sessions_ui.web.responses.headers import PRIVATE
from sessions_ui.web.responses.navigation import htmx_of, is_own_page, is_page_navigation, led_to, wants_json
from sessions_ui.web.responses.notice import leave_notice
from sessions_ui.web.responses.programs import not_signed_in, problem
from sessions_ui.web.responses.redirects import sign_in_url, turns_away
from sessions_ui.web.responses.words import nameable, words

REASON_HEADER = "Session-Ended"


def worded(request: HttpRequest, response: HttpResponseBase, reason: EndReason) -> HttpResponseBase:
    """Return the response to a request whose session had ended before. It is the host's, as for somebody who was never
    signed in; the reason comes beside it. Three kinds of answer are not: docs/django-sessions.md lists them.

    A page that anybody may see can show the notice itself (`{% sessions_ui_notice %}`).
    """
    if turns_away(response):
        if htmx_of(request) or is_own_page(request):
            return to_sign_in(request, reason)
        if not response.has_header("Location"):
            if wants_json(request):
                use_problem_details(response, reason)
            elif is_page_navigation(request):
                return to_sign_in(request, reason)
        if not response.has_header("Cache-Control"):
            response.headers["Cache-Control"] = PRIVATE
    say_why(request, response, reason)
    return response


def use_problem_details(response: HttpResponseBase, reason: EndReason) -> None:
    """Replace the page of a host's 401 or 403 where JSON was asked for. Status and headers stay, such as those that
    allow another origin to read it."""
    if not isinstance(response, HttpResponse) or not response.get("Content-Type", "").startswith("text/html"):
        return
    details = problem(response.status_code, "session-ended", words(reason))
    response.content = details.content
    response.headers["Content-Type"] = details.headers["Content-Type"]
    del response.headers["Content-Encoding"]
    if response.has_header("Content-Length"):
        response.headers["Content-Length"] = str(len(response.content))


def signed_out(request: HttpRequest, reason: str | None, *, is_gone: bool = False) -> HttpResponseBase:
    """Answer a request whose session ended while its view was at work (`is_gone`), or whose sign-in was refused: the
    sign-in page for a person, 401 for a program, or 410 for an app whose session is gone. No redirect, because
    `fetch()` would follow it, and take the sign-in page for success."""
    if context.acting_app() is not None:
        answer = not_signed_in(request, "session-ended", words(reason), is_gone=is_gone)
        name_reason(answer, reason)
        return answer
    if htmx_of(request) or is_page_navigation(request) or wants_json(request):
        return to_sign_in(request, reason)
    response = not_signed_in(request, "session-ended", words(reason))
    say_why(request, response, reason)
    return response


def to_sign_in(request: HttpRequest, reason: str | None) -> HttpResponseBase:
    """Lead to the sign-in page: by a redirect, `HX-Redirect` for htmx, 401 problem details (RFC 9457) for a program
    that asks for JSON."""
    if wants_json(request):
        refusal = not_signed_in(request, "session-ended", words(reason))
        clear_site_data(request, refusal, reason)
        name_reason(refusal, reason)
        return refusal
    response = led_to(request, sign_in_url(request))
    say_why(request, response, reason)
    response.headers["Cache-Control"] = PRIVATE
    return response


def say_why(request: HttpRequest, response: HttpResponseBase, reason: str | None) -> None:
    leave_notice(request, response, reason)
    clear_site_data(request, response, reason)
    name_reason(response, reason)


def name_reason(response: HttpResponseBase, reason: str | None) -> None:
    """Name the reason in a header for scripts and programs: no more of it than the notice says."""
    response.headers[REASON_HEADER] = nameable(reason)


def clear_site_data(request: HttpRequest, response: HttpResponseBase, reason: str | None) -> None:
    """Ask the browser to delete what it has stored, where somebody is suspected (`Clear-Site-Data`). Browsers obey over
    HTTPS only. Never "cookies", which are those of the whole registrable domain; ours are deleted by name."""
    if reason in conf.clear_site_data and request.is_secure():
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
