"""In which place the key of a session came: as a cookie, or as an app sends it.

A key is good in its own place only. The digests of each kind are others (`models.digest_of()`), so that whoever knows
the place knows all: a key is looked up as one of that kind, and is unknown in every other place.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from sessions_ui.conf import conf
from sessions_ui.models import Session

SESSION_TOKEN = "X-Session-Token"  # noqa: S105  allauth's header for the key of an app's session
DEVICE_TOKEN = "X-Device-Token"  # noqa: S105  ours, for what a browser has in its device cookie


def kind_of(request: HttpRequest, key: str | None) -> Session.Kind:
    """Return of which kind a session is that is looked up by `key` in this request, or, where that is None, made: the
    default of the setting `SESSION_KIND`.

    It knows allauth's headless API, and its classes for other people's APIs (Django REST framework, django-ninja): the
    key is in a header there, or in an access token. The cookie's session, which the middleware looks up, is never
    asked about here.
    """
    headless = getattr(getattr(request, "allauth", None), "headless", None)
    if getattr(headless, "client", None) == "app":
        return Session.Kind.APP
    if key is None:
        return Session.Kind.BROWSER
    if key == request.headers.get(SESSION_TOKEN):
        return Session.Kind.APP
    known = (request.COOKIES.get(settings.SESSION_COOKIE_NAME), getattr(request.session, "session_key", None))
    by_token = "Authorization" in request.headers and key not in known
    return Session.Kind.APP if by_token else Session.Kind.BROWSER


def device_value(request: Any, kind: Session.Kind) -> str | None:
    """Return the device cookie, as this request has brought it: an app, which keeps no cookies, sends it in a header.
    None where there is none."""
    if kind == Session.Kind.APP:
        value: str | None = request.META.get("HTTP_X_DEVICE_TOKEN")
        return value
    cookie: str | None = request.COOKIES.get(conf.device_cookie_name)
    return cookie
