"""Error pages that leave no database connection behind.

Under ASGI Django renders them in threads of the default executor, which end no request and so never give back the
connection that the head of the page takes to know who is signed in (seen: 80 requests to a missing page, and a pool
gave a connection to each of the threads for good).
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.views import defaults

from sessions_ui import web


def give_back() -> None:
    """Give back the connections as Django does at the end of a request, except to whoever is inside a transaction: the
    tests."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


ErrorView = Callable[[HttpRequest, Exception], HttpResponse]


def giving_back(view: ErrorView) -> ErrorView:
    def error_page(request: HttpRequest, exception: Exception) -> HttpResponse:
        try:
            return view(request, exception)
        finally:
            give_back()

    return error_page


bad_request = giving_back(defaults.bad_request)
permission_denied = giving_back(defaults.permission_denied)
page_not_found = giving_back(defaults.page_not_found)
server_error = web.server_error  # asks the database for nothing
