"""Asking browsers for client hints, on the pages that lead to sign-in and nowhere else."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sessions_ui.conf import conf
from sessions_ui.store import store_of

# The hints that `client/hints.py` reads beyond the three that come by themselves. Not `Critical-CH`: it would load the
# page twice for what the form's POST brings anyway. Nothing is delegated: other origins of the page get none (the
# default of Permissions-Policy), and no response depends on a hint, so none varies on one.
WANTED = ", ".join(
    f"Sec-CH-UA-{name}" for name in ("Full-Version-List", "Platform-Version", "Model", "Form-Factors")
)


def ask_for_hints(request: HttpRequest, response: HttpResponseBase) -> None:
    """Ask for client hints (`Accept-CH`) on an HTML page of SIGN_IN_PAGES that somebody reads who is not signed in. The
    browser sends them with its next requests of this site, and so with the sign-in form."""
    store = store_of(request)
    if store is not None and store.row is not None and store.row.user_id is not None:
        return
    is_page = response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/html")
    if is_page and request.method == "GET" and _leads_to_sign_in(request):
        response.headers.setdefault("Accept-CH", WANTED)


def _leads_to_sign_in(request: HttpRequest) -> bool:
    pages = conf.sign_in_pages
    match = request.resolver_match
    if not pages or match is None:
        return False
    return match.view_name in pages or settings.LOGIN_URL in (match.view_name, request.path)
