"""Answers that ask for another try: what was asked for was not done, or it cannot be said whether it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from sessions_ui.store import store_of
from sessions_ui.web.responses.headers import PRIVATE
from sessions_ui.web.responses.navigation import is_led_by_headers, wants_json
from sessions_ui.web.responses.programs import line_of_text, problem
from sessions_ui.web.responses.redirects import safe_next, turns_away

RETRY_SECONDS = 1
OUTAGE_SECONDS = 5
# An answer with a new key that has taken longer than this to arrive is most likely lost.
ON_ITS_WAY = timedelta(seconds=5)
LOST_SECONDS = 10
ROTATED = "session-key-rotated"
ONLY_READ = ("GET", "HEAD", "OPTIONS")


def try_again(request: HttpRequest) -> HttpResponse:
    """Answer 409 where the key of the session was replaced while this request was under way. Nothing was done and
    nobody signed out: the browser has the new key by now. Where the answer with it was lost, the page offers to sign in
    again, and once `ROTATION_GRACE` is over it leads to the sign-in page by itself."""
    text = _("Your sign-in was renewed at the same moment. Please try again.")
    response = _rotated(request, text)
    is_lost = _is_new_key_lost(request)
    if request.method in ("GET", "HEAD"):
        response.headers["Refresh"] = str(LOST_SECONDS if is_lost else RETRY_SECONDS)
    if is_lost and is_led_by_headers(request):
        response.headers["HX-Refresh"] = "true"  # the page that is loaded again offers the way out
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
    return _rotated(request, text)


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


def _rotated(request: HttpRequest, text: str) -> HttpResponse:
    return keeping_cookies(_later(request, 409, ROTATED, text, shown=_way_out(request)))


def _is_new_key_lost(request: HttpRequest) -> bool:
    store = store_of(request)
    return store is not None and store.was_replaced_before(timezone.now() - ON_ITS_WAY)


def _way_out(request: HttpRequest) -> dict[str, str]:
    """Return what the button "Sign in again" needs, or nothing where it is not offered: while a page that only has to
    be loaded again does so by itself, and where no CSRF token can be had without the session."""
    only_read = request.method in ONLY_READ
    if only_read and not _is_new_key_lost(request):
        return {}
    token = _token_for_cookie_of(request)
    if not token:
        return {}
    try:
        address = reverse("sessions_ui:sign_in_again")
    except NoReverseMatch:  # the site has the API alone
        return {}
    back = request.get_full_path() if only_read else safe_next(request)
    return {"sign_in_again": address, "csrf_token": token, "next": back}


def _token_for_cookie_of(request: HttpRequest) -> str:
    """Return a CSRF token for the cookie that the browser has; empty where it has none.

    Not for that of the request: a sign-in gives it another one, and the cookie of that goes the way of the answer.
    """
    if settings.CSRF_USE_SESSIONS:
        return ""
    sent = HttpRequest()
    sent.COOKIES = request.COOKIES
    CsrfViewMiddleware(try_again).process_request(sent)
    is_new = sent.META.get("CSRF_COOKIE_NEEDS_UPDATE", False)  # the cookie was no such one
    return "" if is_new or "CSRF_COOKIE" not in sent.META else get_token(sent)


def _later(
    request: HttpRequest,
    status: int,
    kind: str,
    text: str,
    seconds: int = RETRY_SECONDS,
    shown: Mapping[str, str] = MappingProxyType({}),
) -> HttpResponse:
    """Return a page for a browser, problem details for a program that wants JSON, a line of text for any other. Needs
    neither the database nor the session. `shown`: what else the page is given."""
    response: HttpResponse
    if wants_json(request):
        response = problem(status, kind, text)
    elif "text/html" in request.headers.get("Accept", ""):
        page = render_to_string("sessions_ui/later.html", {"text": text, **shown})
        response = HttpResponse(page, status=status)
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
