"""The limit of requests, as django-ninja asks for it and as the answers tell it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja.throttling import BaseThrottle

from sessions_ui import context
from sessions_ui.api.json.problems import Problem
from sessions_ui.api.request_limit import WINDOW, Left, count_request


class Limit(BaseThrottle):
    """Counts a request once it is known who asks."""

    def allow_request(self, request: HttpRequest) -> bool:
        """Raise `Problem` (429) beyond the limit."""
        now = context.current()
        if now is None or now.session_id is None:
            return True
        left = count_request(now.session_id)
        request.sessions_ui_limit = left  # type: ignore[attr-defined]
        if left is not None and left.is_exceeded:
            headers = {"Retry-After": str(left.resets)}
            raise Problem(429, "too-many-requests", "Too many requests. Try again later.", headers=headers)
        return True


def with_limit(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return the answer with what is left (draft-ietf-httpapi-ratelimit-headers-10)."""
    left: Any = getattr(request, "sessions_ui_limit", None)
    if isinstance(left, Left):
        response.headers["RateLimit-Policy"] = f'"default";q={left.most};w={WINDOW}'
        response.headers["RateLimit"] = f'"default";r={left.total};t={left.resets}'
    return response
