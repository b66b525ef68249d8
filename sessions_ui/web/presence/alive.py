"""The endpoint that the script of open pages asks (`static/sessions_ui/live.js`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.http import require_GET

from sessions_ui.conf.secret_keys import secrets_of_settings
from sessions_ui.store import SessionStore
from sessions_ui.web.presence.decorators import passive
from sessions_ui.web.responses.errors.later import keeping_cookies
from sessions_ui.web.responses.headers import PRIVATE

SALT = "sessions_ui.live"


def mark_of(user_id: Any) -> str:
    """Return the mark that says for whom a page was made: 40 hex digits that tell nobody else who that is."""
    return salted_hmac(SALT, str(user_id), algorithm="sha1").hexdigest()


@login_not_required
@passive
@require_GET
def alive(request: HttpRequest) -> HttpResponse:
    """Answer `{"state": …}`, as `state_of()` finds it for the page whose mark is in `?page=`. Under ASGI
    `with_stream()` answers before this view is reached (`stream/alive.py`).

    It only asks: the cookie stays, because a sign-in may be on its way that replaces it. The next page deletes it. This
    also holds where a middleware of the host has asked for the user, as `LoginRequiredMiddleware` does.
    """
    state = state_of(request.COOKIES.get(settings.SESSION_COOKIE_NAME), request.GET.get("page", ""))
    return keeping_cookies(JsonResponse({"state": state}, headers={"Cache-Control": PRIVATE}))


def state_of(key: str | None, mark: str) -> str:
    """Return what became of the person for whom a page was made (its mark), in one SQL statement.

    "alive" while they are signed in, "other" when somebody else is by now, "ended" when nobody is, "late" with a key
    that was replaced a moment ago: the script asks again.
    """
    store = SessionStore(key)
    row = store.resolve()
    if row is None or row.user_id is None:
        return "late" if store.is_straggler else "ended"
    return "alive" if _is_of(row.user_id, mark) else "other"


def _is_of(user_id: Any, mark: str) -> bool:
    """Return whether a page was made for this user, also before the secret was rotated."""
    return any(
        constant_time_compare(
            mark, salted_hmac(SALT, str(user_id), secret=secret, algorithm="sha1").hexdigest()
        )
        for secret in secrets_of_settings()
    )
