"""The notice that says once why somebody was signed out: a cookie carries it to the next page that shows notices."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sessions_ui.web.responses.words import HARMLESS_WORDS, nameable, words

NOTICE_COOKIE = "signed_out"
NOTICE_SECONDS = 600


def leave_notice(request: HttpRequest, response: HttpResponseBase, reason: str | None) -> None:
    """Set a short-lived cookie that carries the reason to the next page that shows notices, unless this one did.

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
    """Return the sentence to show on this page, or an empty string; it is shown once."""
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
