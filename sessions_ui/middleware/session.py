"""The session: what is done with it before and after the view. This words refusals; it decides none
(`actions/sessions/rules/validate.py` does)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.views import PasswordResetConfirmView
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.core.signals import got_request_exception
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.sessions.activity import is_due, touch
from sessions_ui.actions.sessions.client import client_of, request_id_of
from sessions_ui.actions.sessions.rules.presented import DEVICE_TOKEN, device_value
from sessions_ui.api import answers, bearer
from sessions_ui.conf import conf
from sessions_ui.exceptions import (
    BearerRefused,
    KeyRotated,
    OutcomeUnknown,
    SessionEnded,
    SignInRefused,
    TryAgain,
)
from sessions_ui.metrics import durations
from sessions_ui.models import Session
from sessions_ui.store import SessionStore, store_of
from sessions_ui.web.presence.client_hints import ask_for_hints
from sessions_ui.web.responses import cookies, headers, notice, refusals
from sessions_ui.web.responses.errors import later
from sessions_ui.web.responses.errors.error_reports import hide_secrets
from sessions_ui.web.responses.errors.exceptions import answer_to, exception_of, remember_exception

logger = logging.getLogger(__name__)


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's session middleware for this store, in place of Django's own.

    It keeps its contract, and serves sync and async without a detour through a thread for requests that need no
    database.
    """

    _has_warned = False

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        got_request_exception.connect(remember_exception)

    def __call__(self, request: HttpRequest) -> Any:
        if self.async_mode:
            return self.__acall__(request)
        token = context.begin(self._begin(request))
        try:
            response: Any = self.get_response(request)
            return self.process_response(request, response)
        finally:
            context.finish(token)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        token = context.begin(self._begin(request))
        try:
            response = await self.get_response(request)  # type: ignore[misc]
            if not _is_by_token() and self._needs_database(request, response):
                return await sync_to_async(self.process_response)(request, response)
            return self.process_response(request, response)
        finally:
            context.finish(token)

    def _begin(self, request: HttpRequest) -> context.Acting:
        hide_secrets(request)
        self.process_request(request)
        if (store := store_of(request)) is not None:
            store.kind = Session.Kind.BROWSER  # whatever it was made in: its key is a cookie
        if not self._has_warned and _is_forwarded(request) and not conf.trusted_proxies:
            self._has_warned = True
            logger.warning(
                "X-Forwarded-For or Forwarded arrives, but SESSIONS_UI['TRUSTED_PROXIES'] is empty: it is ignored."
            )
        # One moment for the whole request: a touch that `_needs_database()` found not due is not due later either.
        request._sessions_ui_began_at = timezone.now()  # type: ignore[attr-defined]
        return context.Acting(
            store,
            request.META,
            partial(resets_password, request),
            request,
            partial(request_id_of, request.META),
        )

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Answer a session that ended while its view was at work as a sign-out like any other, not as an error."""
        if _is_by_token() or isinstance(exception, BearerRefused):
            return answers.answer_to(exception)
        try:
            return answer_to(request, exception)
        except (KeyRotated, SessionEnded, TryAgain, OutcomeUnknown) as error:
            # Raised while tidying up; these are put into words without the database.
            return answer_to(request, error)

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        if (now := context.current()) is not None:
            if now.bearer_refused is not None:
                response = bearer.with_challenge(response, now.bearer_refused)
            if now.is_by_token:
                return self._after_program(request, response)
            if now.app is not None and request.session is now.app:
                # allauth does not put it back where saving it has raised: an app's key becomes no cookie.
                request.session = now.of_cookie  # type: ignore[assignment]
        store = store_of(request)
        if store is None:
            return super().process_response(request, response)
        answer = self._after_view(request, store, response)
        self._after_app(request, answer)
        if answer is not response:
            headers.keep_headers(response, answer)
        return answer

    def _after_program(self, request: HttpRequest, response: Any) -> Any:
        """Return the answer to a request with an access token: no session is saved, no cookie set, nothing touched."""
        answer = response
        if response.status_code == 500 and (raised := exception_of(request)) is not None:
            answer = answers.answer_to(raised) or response
        if answer is not response:
            headers.keep_headers(response, answer)
        return bearer.of_bearer(answer)

    def _after_view(
        self, request: HttpRequest, store: SessionStore, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.status_code == 500 and (raised := exception_of(request)) is not None:
            response = self.process_exception(request, raised) or response
        if later.keeps_cookies(response):
            response.cookies.clear()  # of views and middlewares that were at work before
            return self._with_committed_key(request, store, response)
        if store.is_straggler and store.is_empty():
            return later.straggler_response(request, response)
        if store.refusal is not None and store.is_empty():
            response = refusals.worded(request, response, store.refusal)
        try:
            response = self._save_or_refuse(request, store, response)
        except KeyRotated:
            return self._with_committed_key(request, store, later.renewed(request))
        except (TryAgain, OutcomeUnknown):
            # The view is done, and what it did may be in force.
            return self._with_committed_key(request, store, later.unavailable(request))
        except SessionEnded as error:
            # The cookie stays: by now it may be that of a new sign-in in another tab. If not, the next request with it
            # is refused, and deletes it.
            response = refusals.signed_out(request, error.reason)
            headers.vary_on_cookie(response)
            return self._with_committed_key(request, store, response)
        self._touch(request, store, response)
        ask_for_hints(request, response)
        notice.forget_shown_notice(request, response)
        return response

    def _after_app(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Do for the session of an app, which is the request's own while its view is at work only, what follows a
        view."""
        app = context.acting_app()
        if not isinstance(app, SessionStore):
            return
        if app.device_cookie:
            response.headers[DEVICE_TOKEN] = app.device_cookie
        if app.refusal is not None and response.status_code in (401, 410):
            refusals.name_reason(response, app.refusal)
        self._touch(request, app, response)

    def _with_committed_key(
        self, request: HttpRequest, store: SessionStore, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Return the response, with the cookie of a new key that the database knows by now.

        An error saves nothing. But such a key, which this request has made, must reach the browser whatever became of
        the rest, because nobody else knows it, and the former one is no longer valid.
        """
        if store.has_committed_key(other_than=key_of(request)):
            self._set_cookies(store, response)
        return response

    def _save_or_refuse(
        self, request: HttpRequest, store: SessionStore, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Save the session, and answer a sign-in that is refused by that.

        Saving signs in whom a view has written into the session without a sign-in.
        """
        try:
            self._save(request, store, response)
        except SignInRefused as refused:
            response = answer_to(request, refused) or response
            self._save(request, store, response)
        return response

    def _save(self, request: HttpRequest, store: SessionStore, response: HttpResponseBase) -> None:
        """Do as Django's middleware does: delete the cookie of an empty session, save a changed one."""
        empty = store.is_empty()
        if empty and settings.SESSION_COOKIE_NAME in request.COOKIES:
            if not store.was_valid_at(began_at(request)):  # else it may be the cookie of a new sign-in by now
                cookies.delete_session_cookie(response)
            headers.vary_on_cookie(response)
            return
        if store.accessed:
            headers.vary_on_cookie(response)
            if store.row is not None and store.row.user_id is not None:
                headers.keep_private(response)
        if empty:
            return
        if response.status_code < 500 and (store.modified or settings.SESSION_SAVE_EVERY_REQUEST):
            store.save()
            self._set_cookies(store, response)
        else:
            self._with_committed_key(request, store, response)

    def _set_cookies(self, store: SessionStore, response: HttpResponseBase) -> None:
        cookies.set_session_cookie(response, store)
        if store.device_cookie:
            cookies.set_device_cookie(response, store.device_cookie)
        headers.vary_on_cookie(response)

    def _touch(self, request: HttpRequest, store: SessionStore, response: HttpResponseBase) -> None:
        row, key = store.row, store.session_key
        if row is not None and key is not None and self._is_touch_due(request, row, response):
            touch(
                session=row,
                digest=store.digest_of(key),
                client=client_of(request.META, is_app=store.kind == Session.Kind.APP),
                now=began_at(request),
                device_cookie=device_value(request, store.kind),
            )
            if durations.is_due():  # here something is written anyway
                durations.write_down()

    def _is_touch_due(self, request: HttpRequest, row: Session, response: HttpResponseBase) -> bool:
        if row.user_id is None or response.status_code >= 500:
            return False
        if getattr(request, "sessions_ui_passive", False):  # the decorator `passive`: polling is not activity
            return False
        return is_due(row, began_at(request))

    def _needs_database(self, request: HttpRequest, response: HttpResponseBase) -> bool:
        """Return whether `process_response()` may have to ask the database: under ASGI that takes a thread."""
        store = store_of(request)
        if store is None or store.modified or settings.SESSION_SAVE_EVERY_REQUEST:
            return True
        if store.has_new_key(other_than=key_of(request)):
            return True
        stores = (store, context.acting_app())
        rows = [one.row for one in stores if isinstance(one, SessionStore) and one.row is not None]
        return any(self._is_touch_due(request, row, response) for row in rows)


def _is_by_token() -> bool:
    now = context.current()
    return now is not None and now.is_by_token


def _is_forwarded(request: HttpRequest) -> bool:
    return "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META


def key_of(request: HttpRequest) -> str | None:
    """Return the session key that the browser has sent."""
    return request.COOKIES.get(settings.SESSION_COOKIE_NAME)


def began_at(request: HttpRequest) -> datetime:
    return getattr(request, "_sessions_ui_began_at", None) or timezone.now()


def resets_password(request: HttpRequest) -> bool:
    """Return whether the request resets a password.

    A reset has no signal; what it saves must not pass for a change by the signed-in user.
    """
    match = request.resolver_match
    if match is None:
        return False
    view_class = getattr(match.func, "view_class", None)
    is_djangos = isinstance(view_class, type) and issubclass(view_class, PasswordResetConfirmView)
    return is_djangos or match.view_name in conf.password_reset_views
