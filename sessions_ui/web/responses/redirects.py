"""Ways to the sign-in page, and back from it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from sessions_ui.web.responses.navigation import is_htmx


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


def turns_away(response: HttpResponseBase) -> bool:
    """Whether a view refused whoever is not signed in: by its status, or by sending them to the sign-in page."""
    if response.status_code in (401, 403):
        return True
    if response.status_code in (301, 302, 303, 307) and response.has_header("Location"):
        return urlsplit(response.headers["Location"]).path == urlsplit(resolve_url(settings.LOGIN_URL)).path
    return False
