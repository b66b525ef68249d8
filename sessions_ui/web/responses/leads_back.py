"""Whoever comes to the address of an act by a link, the address bar or "Back" gets the page that the act is on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from sessions_ui.web.responses.navigation import is_page_navigation

View = Callable[..., HttpResponseBase]


def leads_back(view: View, page: str, *, keep: Mapping[str, str] | None = None) -> View:
    """Decorate a view that only takes POST: a person who opens its address is led to `page`, the name of an address.
    `keep`: which arguments go there, and what they are called there. Programs are told that the method is wrong, as
    before."""

    @wraps(view)
    def led(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = view(request, *args, **kwargs)
        shown = request.method in ("GET", "HEAD") and is_page_navigation(request)
        if shown and isinstance(answer, HttpResponseNotAllowed):
            arguments = {there: kwargs[here] for here, there in (keep or {}).items()}
            return HttpResponseRedirect(reverse(page, kwargs=arguments))
        return answer

    return led
