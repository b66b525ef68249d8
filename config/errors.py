"""Error pages that leave no database connection behind.

Under ASGI Django renders them in threads of the default executor, which end no request and so never give back the
connection that the head of the page takes to know who is signed in (seen: 80 requests to a missing page, and a pool
gave a connection to each of the threads for good).
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.views import defaults

ErrorView = Callable[[HttpRequest, Exception], HttpResponse]


def giving_back(view: ErrorView) -> ErrorView:
    def error_page(request: HttpRequest, exception: Exception) -> HttpResponse:
        try:
            return view(request, exception)
        finally:
            close_old_connections()

    return error_page


bad_request = giving_back(defaults.bad_request)
permission_denied = giving_back(defaults.permission_denied)
page_not_found = giving_back(defaults.page_not_found)
