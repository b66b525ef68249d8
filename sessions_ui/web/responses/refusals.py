"""Words for a client whose session is no more: said once, and fit for a screen that may be in a thief's hand."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_ui.conf import conf
from sessions_ui.models import EndReason

NOTICE_COOKIE = "signed_out"
NOTICE_SECONDS = 600
UNNAMED = "unnamed"
REASON_HEADER = "Session-Ended"
PRIVATE = "no-store, private"
RETRY_SECONDS = 1
OUTAGE_SECONDS = 5
ROTATED = "session-key-rotated"
OWN_NAMESPACES = frozenset({"sessions_ui", "help_desk"})
# Beginnings of the names of headers, in small letters.
OF_THE_SITE = (
    "access-control-", "content-security-policy", "cross-origin-", "permissions-policy", "referrer-policy",
    "strict-transport-security", "x-content-type-options", "x-frame-options",
)  # fmt: skip
ONLY_READ = ("GET", "HEAD", "OPTIONS")

# The reasons that may be named on any screen; the others are told after the next sign-in only.
HARMLESS_WORDS: dict[EndReason, str | Promise] = {
    EndReason.IDLE_TIMEOUT: gettext_lazy("You were signed out because this device was not used for a while."),
    EndReason.ABSOLUTE_TIMEOUT: gettext_lazy(
        "You were signed out because the sign-in reached its time limit."
    ),
    EndReason.PASSWORD_CHANGED: gettext_lazy("You were signed out because the password was changed."),
    EndReason.PASSWORD_RESET: gettext_lazy("You were signed out because the password was reset."),
    EndReason.SUPERSEDED: gettext_lazy("You were signed out because of a newer sign-in in this browser."),
    EndReason.PROVIDER_SIGN_OUT: gettext_lazy("You were signed out at your sign-in provider."),
    EndReason.PASSWORD_REQUIRED: gettext_lazy(
        "A new password is needed before you can sign in. Ask for one where it says that you forgot yours."
    ),
    EndReason.OFFBOARDED: gettext_lazy("Access to this account ended on the agreed date."),
    EndReason.SESSION_LIMIT: gettext_lazy("Too many devices are signed in to this account at the same time."),
}


def words(reason: str | None) -> str:
    """One sentence for the screen."""
    harmless = HARMLESS_WORDS.get(EndReason(reason)) if reason else None
    return str(harmless) if harmless else _("You were signed out.")


def worded(request: HttpRequest, response: HttpResponseBase, reason: EndReason) -> HttpResponseBase:
    """The response to a request whose session had ended before. It is the host's, as for somebody who was never signed
    in; the reason comes beside it. Three kinds of answer are not: docs/django-sessions.md lists them.

    A page that anybody may see can show the notice itself (`{% sessions_ui_notice %}`).
    """
    if turns_away(response):
        if is_htmx(request) or is_own_page(request):
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


def signed_out(request: HttpRequest, reason: str | None) -> HttpResponseBase:
    """For a request whose session ended while its view was at work, or whose sign-in was refused: to the sign-in page
    for a person, 401 for a program. No redirect, which `fetch()` would follow, and take the sign-in page for success.
    """
    if is_htmx(request) or is_page_navigation(request) or wants_json(request):
        return to_sign_in(request, reason)
    response = not_signed_in(request, "session-ended", words(reason))
    say_why(request, response, reason)
    return response


def to_sign_in(request: HttpRequest, reason: str | None) -> HttpResponseBase:
    """To the sign-in page, `HX-Redirect` for htmx, 401 problem details (RFC 9457) for who asks for JSON."""
    response: HttpResponseBase
    if wants_json(request):
        response = not_signed_in(request, "session-ended", words(reason))
        clear_site_data(request, response, reason)
        name_reason(response, reason)
        return response
    if is_htmx(request):
        response = HttpResponse(headers={"HX-Redirect": sign_in_url(request)})
    else:
        response = HttpResponseRedirect(sign_in_url(request))
    say_why(request, response, reason)
    response.headers["Cache-Control"] = PRIVATE
    return response


def not_signed_in(request: HttpRequest, kind: str, text: str) -> HttpResponse:
    """401 for a program: problem details where it asks for JSON, else a line of text. RFC 9110 (11.6.1) wants a
    challenge with it: none that is registered is a cookie's, and of one that they do not know browsers ask nobody."""
    response = problem(401, kind, text) if wants_json(request) else line_of_text(401, text)
    response.headers["WWW-Authenticate"] = "Session"
    return response


def say_why(request: HttpRequest, response: HttpResponseBase, reason: str | None) -> None:
    leave_notice(request, response, reason)
    clear_site_data(request, response, reason)
    name_reason(response, reason)


def name_reason(response: HttpResponseBase, reason: str | None) -> None:
    """What a script or a program may read of the reason: no more than the notice says."""
    response.headers[REASON_HEADER] = nameable(reason)


def nameable(reason: str | None) -> str:
    """The reason as a cookie or header may hold it, which can be read on the device."""
    return str(reason) if reason in HARMLESS_WORDS else UNNAMED


def clear_site_data(request: HttpRequest, response: HttpResponseBase, reason: str | None) -> None:
    """Where somebody is suspected, what the browser has kept goes too. Browsers obey over HTTPS only. Never "cookies",
    which are those of the whole registrable domain; ours are deleted by name."""
    if reason in conf.clear_site_data and request.is_secure():
        response.headers["Clear-Site-Data"] = '"cache", "storage"'


def try_again(request: HttpRequest) -> HttpResponse:
    """The key of the session was replaced while this request was under way. Nothing was done and nobody signed out:
    the browser has the new key by now."""
    text = _("Your sign-in was renewed at the same moment. Please try again.")
    response = keeping_cookies(_later(request, 409, ROTATED, text))
    if request.method in ("GET", "HEAD"):
        response.headers["Refresh"] = str(RETRY_SECONDS)
    return response


def renewed(request: HttpRequest) -> HttpResponse:
    """The same, but a view had been at work: what it did may be in force, only its session was not saved."""
    if request.method in ONLY_READ:
        return try_again(request)
    text = _(
        "Your sign-in was renewed at the same moment. We cannot say whether this was done: please look again in a "
        "moment."
    )
    return keeping_cookies(_later(request, 409, ROTATED, text))


def busy(request: HttpRequest) -> HttpResponse:
    """The database refused what was asked for, or was not there, and nothing of it was done. Nobody is signed out, no
    cookie touched."""
    text = _("This could not be done just now, and nothing was changed. Please try again.")
    return keeping_cookies(_later(request, 503, "busy", text))


def unknown(request: HttpRequest) -> HttpResponse:
    """The connection was lost when it mattered: whether it was done, only another look can say."""
    text = _("The connection broke off. We cannot say whether this was done: please look again in a moment.")
    return _later(request, 503, "outcome-unknown", text, OUTAGE_SECONDS)


def in_part(request: HttpRequest) -> HttpResponse:
    """What was asked for is saved, and what should follow from it was refused."""
    text = _(
        "This was saved, but not all that follows from it could be done just now. Please look again in a moment."
    )
    return _later(request, 503, "done-in-part", text)


def unavailable(request: HttpRequest) -> HttpResponse:
    """The database was not there for something that was no action of ours. Nobody is signed out. What only reads was
    not done; of anything else an earlier part may have been."""
    if request.method not in ONLY_READ:
        return unknown(request)
    text = _("This cannot be shown just now. It does not sign you out: please try again in a moment.")
    return _later(request, 503, "unavailable", text, OUTAGE_SECONDS)


def _later(
    request: HttpRequest, status: int, kind: str, text: str, seconds: int = RETRY_SECONDS
) -> HttpResponse:
    """A page for a browser, problem details for a program that wants JSON, a line of text for any other. Neither the
    database nor the session is asked for anything."""
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
    """Whether the cookies that the browser has by now are the valid ones."""
    return getattr(response, "sessions_ui_keeps_cookies", False)


def straggler_response(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """A request with a key that was valid a moment ago: no cookie is deleted, and where the view turned it away it
    is told to try again with the new one. A page for anybody is fine as it is."""
    return try_again(request) if turns_away(response) else response


def keep_headers(replaced: HttpResponseBase, response: HttpResponseBase) -> None:
    """What the host's middlewares have added to the response that this one replaces, on every answer of the site: they
    are past, and will not see it. Nothing that is about the content."""
    for name, value in replaced.headers.items():
        if name.lower().startswith(OF_THE_SITE) and not response.has_header(name):
            response.headers[name] = value


def turns_away(response: HttpResponseBase) -> bool:
    if response.status_code in (401, 403):
        return True
    if response.status_code in (301, 302, 303, 307) and response.has_header("Location"):
        return urlsplit(response.headers["Location"]).path == urlsplit(resolve_url(settings.LOGIN_URL)).path
    return False


def is_page_navigation(request: HttpRequest) -> bool:
    """Whether a person looks at what comes back: a link, a form or the address bar of a browser. Browsers say so in
    `Sec-Fetch-Mode` (Fetch Metadata), but neither the old ones nor over plain HTTP."""
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    by_script = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    return "text/html" in request.headers.get("Accept", "") and not by_script


def is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def is_own_page(request: HttpRequest) -> bool:
    """Whether the view is one of the app's own: after a sign-in nobody is sent back to one that acts."""
    match = request.resolver_match
    return match is not None and not OWN_NAMESPACES.isdisjoint(match.app_names)


def wants_json(request: HttpRequest) -> bool:
    accept = request.headers.get("Accept", "")
    return "json" in accept and "text/html" not in accept


def line_of_text(status: int, text: str) -> HttpResponse:
    return HttpResponse(
        text,
        status=status,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": PRIVATE},
    )


def problem(status: int, kind: str, title: str) -> JsonResponse:
    return JsonResponse(
        {"type": f"urn:sessions-ui:{kind}", "title": title, "status": status},
        status=status,
        content_type="application/problem+json",
        headers={"Cache-Control": PRIVATE},
    )


def sign_in_url(request: HttpRequest) -> str:
    """The sign-in page, with the way back to the page that was asked for (never to one that acts)."""
    login_url = resolve_url(settings.LOGIN_URL)
    back = path = ""
    if is_htmx(request):
        current = request.headers.get("HX-Current-URL", "")
        if url_has_allowed_host_and_scheme(current, {request.get_host()}, require_https=request.is_secure()):
            parts = urlsplit(current)
            path = parts.path
            back = path + (f"?{parts.query}" if parts.query else "")
    elif request.method in ("GET", "HEAD"):
        back = request.get_full_path()
        path = urlsplit(back).path
    if not back or path == urlsplit(login_url).path:
        return login_url
    return redirect_to_login(back).url


def leave_notice(request: HttpRequest, response: HttpResponseBase, reason: str | None) -> None:
    """A short-lived cookie carries the reason to the next page that shows notices, unless this one did.

    Not signed: it chooses among a few harmless sentences, and anybody could have one signed by being signed out.
    """
    if getattr(request, "_sessions_ui_notice_shown", False):
        return
    response.set_cookie(
        NOTICE_COOKIE,
        nameable(reason),
        max_age=NOTICE_SECONDS,
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def read_notice(request: HttpRequest) -> str:
    """The sentence to show on this page, or an empty string; said once."""
    refusal = getattr(getattr(request, "session", None), "refusal", None)
    if refusal is not None:
        request._sessions_ui_notice_shown = True  # type: ignore[attr-defined]
        return words(refusal)
    if not (cookie := request.COOKIES.get(NOTICE_COOKIE)):
        return ""
    request._sessions_ui_notice_shown = True  # type: ignore[attr-defined]
    return words(cookie if cookie in HARMLESS_WORDS else None)


def forget_shown_notice(request: HttpRequest, response: HttpResponseBase) -> None:
    if NOTICE_COOKIE in request.COOKIES and getattr(request, "_sessions_ui_notice_shown", False):
        response.delete_cookie(NOTICE_COOKIE, path="/", samesite="Lax")
