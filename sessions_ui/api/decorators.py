"""Plain views for programs: what Django itself needs to let an access token in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest
from django.views.decorators.csrf import csrf_exempt

from sessions_ui.api.bearer import aauthenticate, authenticate, of_bearer, refused
from sessions_ui.exceptions import BearerRefused

View = Callable[..., Any]


def token_required(*scopes: str) -> Callable[[View], View]:
    """Decorate a view, synchronous or not, that programs call with an access token which has all of these scopes.

    Others are answered 401, 403 or 400, with the challenge of RFC 6750. A cookie does not get in, and so nobody needs a
    token against forged requests: no page can make a browser send the header.
    """

    def decorate(view: View) -> View:
        if iscoroutinefunction(view):

            @wraps(view)
            async def asynchronous(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                try:
                    await aauthenticate(request, *scopes)
                except BearerRefused as error:
                    return refused(error)
                return of_bearer(await view(request, *args, **kwargs))

            return csrf_exempt(asynchronous)

        @wraps(view)
        def synchronous(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                authenticate(request, *scopes)
            except BearerRefused as error:
                return refused(error)
            return of_bearer(view(request, *args, **kwargs))

        return csrf_exempt(synchronous)

    return decorate
