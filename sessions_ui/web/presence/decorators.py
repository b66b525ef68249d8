"""Decorators for the views that a page requests by itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest


def passive(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a view that is polled: asking it is no activity of a person, and keeps no session from its idle timeout
    (ASVS 5.0 7.3.1). Works for synchronous and asynchronous views."""
    if iscoroutinefunction(view):

        @wraps(view)
        async def asynchronous(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            request.sessions_ui_passive = True  # type: ignore[attr-defined]
            return await view(request, *args, **kwargs)

        return asynchronous

    @wraps(view)
    def synchronous(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        request.sessions_ui_passive = True  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return synchronous
