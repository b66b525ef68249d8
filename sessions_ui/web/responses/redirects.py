"""The way to the sign-in page, and back from it."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from sessions_ui.web.responses.navigation import htmx_of, is_led_by_headers


def safe_next(request: HttpRequest) -> str:
    """Return where the request wants to go afterwards (`next`), or an empty string where that is not on this site."""
    url: str = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    # Whoever is on the way answers plain HTTP in the name of a site that is HTTPS only, whatever this request came by.
    https = request.is_secure() or settings.SESSION_COOKIE_SECURE
    return url if url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=https) else ""


def is_on_this_site(request: HttpRequest, url: str) -> bool:
    """Return whether the page that the browser shows, at `url`, is one of this site's."""
    return url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())


def sign_in_url(request: HttpRequest) -> str:
    """Return the sign-in page, with the way back to the page that was asked for (never to one that acts)."""
    back = ""
    if is_led_by_headers(request):
        current = htmx_of(request).current_url or ""
        if is_on_this_site(request, current):
            parts = urlsplit(current)
            address = parts.path + (f"?{parts.query}" if parts.query else "")
            # By itself "//elsewhere" would be another site.
            back = address if is_on_this_site(request, address) else ""
    elif request.method in ("GET", "HEAD"):
        back = request.get_full_path()
    return to_sign_in(back)


def to_sign_in(back: str) -> str:
    """Return the sign-in page, with the way back to an address of this site; without one where that is empty, or the
    sign-in page itself."""
    login_url = resolve_url(settings.LOGIN_URL)
    leads_there = bool(back) and urlsplit(back).path != urlsplit(login_url).path
    return redirect_to_login(back).url if leads_there else login_url


def turns_away(response: HttpResponseBase) -> bool:
    """Return whether a view refused somebody who is not signed in: by its status, or by sending them to the sign-in
    page, that of Django's admin included; htmx is sent there by a header."""
    if response.status_code in (401, 403):
        return True
    is_redirect = response.status_code in (301, 302, 303, 307)
    target = response.headers.get("Location" if is_redirect else "HX-Redirect", "")
    return bool(target) and urlsplit(target).path in _sign_in_paths()


def _sign_in_paths() -> set[str]:
    paths = {urlsplit(resolve_url(settings.LOGIN_URL)).path}
    with suppress(NoReverseMatch):  # the site has no admin
        paths.add(reverse("admin:login"))
    return paths
