"""What kind of client asks: a person who looks at what comes back, htmx, or a program."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from sessions_ui import context

OWN_NAMESPACES = frozenset({"sessions_ui", "help_desk"})


def is_page_navigation(request: HttpRequest) -> bool:
    """Return whether a person looks at what comes back: a link, a form or the address bar of a browser. Browsers say so
    in `Sec-Fetch-Mode` (Fetch Metadata), but neither the old ones nor over plain HTTP."""
    if is_for_api(request) or context.acting_app() is not None:
        return False
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    by_script = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    return "text/html" in request.headers.get("Accept", "") and not by_script


def htmx_of(request: HttpRequest) -> HtmxDetails:
    """Return `request.htmx`, also for a request that did not get as far as `HtmxMiddleware`, or on a site without
    it."""
    details = getattr(request, "htmx", None)
    return details if isinstance(details, HtmxDetails) else HtmxDetails(request)


def is_led_by_headers(request: HttpRequest) -> bool:
    """Return whether htmx asks and does what the headers of the answer say. For the browser's "Back" it fetches a page
    and looks at nothing but its body."""
    htmx = htmx_of(request)
    return bool(htmx) and not htmx.history_restore_request


def wants_fragment(request: HttpRequest) -> bool:
    """Return whether htmx puts what comes back into a page of ours. Where "Back" or `hx-boost` asks for a whole page, a
    part would take the place of all of it."""
    return is_led_by_headers(request) and not htmx_of(request).boosted


def led_to(request: HttpRequest, address: str) -> HttpResponse:
    """Return the response that takes whoever asked to another page, also where htmx asked for a part of one."""
    if is_led_by_headers(request):
        return HttpResponseClientRedirect(address)
    return HttpResponseRedirect(address)


def is_own_page(request: HttpRequest) -> bool:
    """Return whether the view is one of the app's own: after a sign-in nobody is sent back to a view that acts."""
    match = request.resolver_match
    return match is not None and not OWN_NAMESPACES.isdisjoint(match.app_names)


def is_for_api(request: HttpRequest) -> bool:
    """Return whether an address of the JSON API was asked for: it has no pages, whatever a client accepts."""
    return getattr(request, "sessions_ui_program", False)


def wants_json(request: HttpRequest) -> bool:
    """Return whether a program asks that reads JSON: by what it accepts, or because it is an app, which does anyway."""
    if is_for_api(request) or context.acting_app() is not None:
        return True
    accept = request.headers.get("Accept", "")
    return "json" in accept and "text/html" not in accept
