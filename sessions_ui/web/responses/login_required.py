"""Only for somebody who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import decorators
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sessions_ui.web.responses.navigation import is_led_by_headers, led_to
from sessions_ui.web.responses.redirects import sign_in_url


def login_required(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorate a view as Django's `login_required` does. htmx is led to the sign-in page by a header: it would follow a
    redirect and put that page into the one that asks, which is the one to come back to."""
    checked: Callable[..., HttpResponseBase] = decorators.login_required(view)

    @wraps(checked)
    def led(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_led_by_headers(request) and not request.user.is_authenticated:
            return led_to(request, sign_in_url(request))
        return checked(request, *args, **kwargs)

    return led
