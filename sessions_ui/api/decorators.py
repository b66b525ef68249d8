"""Plain views for programs: what Django itself needs to let an access token in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.views.decorators.csrf import csrf_exempt

from sessions_ui.api.answers import not_allowed
from sessions_ui.api.bearer import aauthenticate, authenticate, refused
from sessions_ui.exceptions import BearerRefused

View = Callable[..., Any]


def token_required(*scopes: str) -> Callable[[View], View]:
    """Decorate a view, synchronous or not, that programs call with an access token which has all of these scopes.

    Others are answered 401, 403 or 400, with the challenge of RFC 6750. A cookie does not get in, and so nobody needs a
    token against forged requests: no page can make a browser send the header. `LoginRequiredMiddleware` leaves it to
    this.
    """

    def decorate(view: View) -> View:
        if iscoroutinefunction(view):

            @wraps(view)
            async def asynchronous(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                try:
                    await aauthenticate(request, *scopes)
                except BearerRefused as error:
                    return refused(error)
                return await view(request, *args, **kwargs)

            return for_programs(asynchronous)

        @wraps(view)
        def synchronous(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                authenticate(request, *scopes)
            except BearerRefused as error:
                return refused(error)
            return view(request, *args, **kwargs)

        return for_programs(synchronous)

    return decorate


def post_required(view: View) -> View:
    """Decorate a view that is asked by POST alone. Others are answered as the other refusals are: a program reads no
    page, and Django's answer is an empty one."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return view(request, *args, **kwargs) if request.method == "POST" else not_allowed("POST")

    return answered


def for_programs(view: View) -> View:
    """Mark a view that no cookie gets into: neither a forged form nor somebody who is not signed in is its concern."""
    return csrf_exempt(login_not_required(view))
