"""The user: who the session's is, and the gate in front of Django's admin."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.auth import get_user as django_get_user
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from sessions_ui.store import SessionStore, store_of
from sessions_ui.web.administration import gate


class AuthenticationMiddleware(DjangoAuthenticationMiddleware):
    """Django's authentication middleware for this store, in place of Django's own.

    `request.user` and `auser()` come with the session, in one statement. Requests for Django's admin pass a gate
    here (`web/administration/gate.py`).
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        # Django would take a thread for each request otherwise. A subclass that has a method of its own keeps it.
        if self.async_mode and type(self).process_view is AuthenticationMiddleware.process_view:
            self.process_view = self._aprocess_view  # type: ignore[method-assign,assignment]

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Do as Django's does, which takes a thread for `process_request()`, without one."""
        self.process_request(request)
        response: HttpResponseBase = await self.get_response(request)  # type: ignore[misc]
        if gate.shows_form_to_type_in(request, response):
            return await sync_to_async(gate.after_view)(request, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, arguments: Any, named: Any
    ) -> HttpResponseBase | None:
        return gate.before_view(request) if gate.is_for_admin(request) else None

    async def _aprocess_view(
        self, request: HttpRequest, view: Any, arguments: Any, named: Any
    ) -> HttpResponseBase | None:
        return await sync_to_async(gate.before_view)(request) if gate.is_for_admin(request) else None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return (
            gate.after_view(request, response) if gate.shows_form_to_type_in(request, response) else response
        )

    def process_request(self, request: HttpRequest) -> None:
        if not hasattr(request, "session"):
            raise ImproperlyConfigured(
                "sessions_ui.middleware.AuthenticationMiddleware needs sessions_ui.middleware.SessionMiddleware "
                "before it in MIDDLEWARE."
            )
        request.user = SimpleLazyObject(lambda: get_user(request))  # type: ignore[assignment]
        request.auser = partial(auser, request)


def get_user(request: HttpRequest) -> Any:
    """Return the user as Django does, cached on the request, but without a second look-up."""
    if not _is_known(request):
        store = store_of(request)
        if store is not None and not _changed_by_hand(store):
            request._cached_user = store.get_user()  # type: ignore[attr-defined]
        else:
            request._cached_user = django_get_user(request)  # type: ignore[attr-defined]
        request._sessions_ui_row = getattr(store, "row", None)  # type: ignore[attr-defined]
    return request._cached_user  # type: ignore[attr-defined]


async def auser(request: HttpRequest) -> Any:
    return get_user(request) if _is_known(request) else await sync_to_async(get_user)(request)


def _is_known(request: HttpRequest) -> bool:
    """Return whether the user was asked for, and nobody has signed in or out since.

    `login()` and `logout()` set `user` again, but not what `auser()` returns.
    """
    if not hasattr(request, "_cached_user"):
        return False
    row = getattr(request.session, "row", None)
    return getattr(request, "_sessions_ui_row", row) is row


def _changed_by_hand(store: SessionStore) -> bool:
    """Return whether somebody wrote another user into the session since it was loaded, without `login()`."""
    data = store.__dict__.get("_session_cache")
    if data is None:
        return False
    user_id = store.row.user_id if store.row else None
    return data.get(SESSION_KEY) != (None if user_id is None else str(user_id))
