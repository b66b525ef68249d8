"""The cookies of the app."""

from __future__ import annotations

from django.conf import settings
from django.http.response import HttpResponseBase

from sessions_ui.conf import conf
from sessions_ui.store import SessionStore


def delete_session_cookie(response: HttpResponseBase) -> None:
    response.delete_cookie(
        settings.SESSION_COOKIE_NAME,
        path=settings.SESSION_COOKIE_PATH,
        domain=settings.SESSION_COOKIE_DOMAIN,
        samesite=settings.SESSION_COOKIE_SAMESITE,
    )


def set_session_cookie(response: HttpResponseBase, store: SessionStore) -> None:
    max_age = None if store.get_expire_at_browser_close() else store.get_expiry_age()
    response.set_cookie(
        settings.SESSION_COOKIE_NAME,
        store.session_key or "",
        max_age=max_age,
        domain=settings.SESSION_COOKIE_DOMAIN,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=settings.SESSION_COOKIE_HTTPONLY,
        samesite=settings.SESSION_COOKIE_SAMESITE,
    )


def set_device_cookie(response: HttpResponseBase, cookie: str) -> None:
    """Set the device cookie. It is host-only and for security alone: it recognises the browser and signs nobody in."""
    response.set_cookie(
        conf.device_cookie_name,
        cookie,
        max_age=int(conf.device_cookie_age.total_seconds()),
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
