"""What this site keeps allauth from doing."""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware


@sync_and_async_middleware
def no_key_in_the_session(get_response: Any) -> Any:
    """A request that has to wait for a re-authentication is kept by allauth in the session with all of its headers, so
    that the database would hold the session key (ASVS 5.0 7.2.2). After allauth's own middleware in the list, and so
    before it when a view raises: `request.COOKIES` was read long before, the header is needed no more."""
    middleware: Any
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> Any:
            return await get_response(request)

        middleware = asynchronous
    else:

        def synchronous(request: HttpRequest) -> Any:
            return get_response(request)

        middleware = synchronous

    def process_exception(request: HttpRequest, exception: Exception) -> None:
        if isinstance(exception, ReauthenticationRequired):
            request.META.pop("HTTP_COOKIE", None)

    middleware.process_exception = process_exception
    return middleware
