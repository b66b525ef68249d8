"""Django's reports about errors, without what would let their reader act as somebody.

Django's own filter knows the session cookie and what a view calls sensitive. A report also shows the local variables
of every function on the way, and with them the key of a living session, the device cookie, and what was typed in: in
our functions, in Django's and in the host's. So each request gets a filter that looks for the values themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from types import FrameType
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.views.debug import SafeExceptionReporterFilter

from sessions_ui import context
from sessions_ui.actions.sessions.rules.presented import DEVICE_TOKEN, SESSION_TOKEN
from sessions_ui.store import SessionStore, store_of

# Fields that are hidden also where no view has called them sensitive: it was not reached, or forgot to.
TYPED_IN = re.compile("pass|code|token|secret|key|credential|signature", re.IGNORECASE)
SHORTEST = 4  # characters; what is shorter is everywhere, and no secret


class HidesSecrets(SafeExceptionReporterFilter):
    """Hides every cookie, and each local variable in which a secret of the request is."""

    def get_safe_cookies(self, request: Any) -> dict[str, Any]:
        """Return the names of the cookies. Each may be what somebody is recognised by: the device, an open link."""
        cookies = super().get_safe_cookies(request)
        return dict.fromkeys(cookies, self.cleansed_substitute) if self.is_active(request) else cookies

    def get_safe_request_meta(self, request: Any) -> dict[str, Any]:
        """Return what Django shows of the headers and of what middlewares have added, such as CSRF_COOKIE."""
        meta = super().get_safe_request_meta(request)
        if not meta or not self.is_active(request):
            return meta
        secrets = set(secrets_of(request))
        return {
            name: self.cleansed_substitute if tells(value, secrets) else value for name, value in meta.items()
        }

    def get_post_parameters(self, request: Any) -> Any:
        form = super().get_post_parameters(request)
        if not form or not self.is_active(request):
            return form
        form = form.copy()
        for name in filter(TYPED_IN.search, list(form)):
            form[name] = self.cleansed_substitute
        return form

    def get_traceback_frame_variables(self, request: Any, tb_frame: FrameType) -> Any:
        variables = super().get_traceback_frame_variables(request, tb_frame)
        if request is None or not self.is_active(request):
            return variables
        secrets = set(secrets_of(request))
        return [
            (name, self.cleansed_substitute if tells(value, secrets) else value) for name, value in variables
        ]


@lru_cache(maxsize=4)
def filter_over(path: str) -> SafeExceptionReporterFilter:
    """Return the project's own filter, DEFAULT_EXCEPTION_REPORTER_FILTER, which hides more."""
    own: type[SafeExceptionReporterFilter] = import_string(path)
    hides: type[SafeExceptionReporterFilter] = type("HidesSecretsToo", (HidesSecrets, own), {})
    return hides()


def hide_secrets(request: HttpRequest) -> None:
    """Let an error report about this request, should there be one, be filtered."""
    if not hasattr(request, "exception_reporter_filter"):
        path = settings.DEFAULT_EXCEPTION_REPORTER_FILTER
        request.exception_reporter_filter = filter_over(path)


def secrets_of(request: HttpRequest) -> Iterator[str]:
    """Yield what came with the request, or was made for it, and lets somebody in: cookies, tokens, keys, what was typed
    in."""
    _scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    given: list[str | None] = [*request.COOKIES.values(), credentials.strip(), *typed_in(request)]
    given += [request.headers.get(name) for name in (SESSION_TOKEN, DEVICE_TOKEN)]
    given += getattr(request, "sessions_ui_concealed", ())
    for store in (store_of(request), context.acting_app()):
        given += store.secrets() if isinstance(store, SessionStore) else []
    yield from (secret for secret in given if isinstance(secret, str) and len(secret) >= SHORTEST)


def typed_in(request: HttpRequest) -> list[str]:
    """Return the fields that the view called sensitive (`sensitive_post_parameters`), and that are so by their name."""
    names: Any = getattr(request, "sensitive_post_parameters", ())
    try:
        form = request.POST
    except Exception:  # a body that cannot be read is no secret either
        return []
    hidden = [name for name in form if names == "__ALL__" or name in names or TYPED_IN.search(name)]
    return [value for name in hidden for value in form.getlist(name)]


def tells(value: Any, secrets: set[str]) -> bool:
    """Return whether one of them is in what the report would print."""
    try:
        printed = repr(value)
    except Exception:  # the report would say no more than that
        return False
    return any(secret in printed for secret in secrets)
