"""What the script of open pages asks (`static/sessions_ui/live.js`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.http import require_GET

from sessions_ui.store import SessionStore
from sessions_ui.web.passive import passive

SALT = "sessions_ui.live"


def mark_of(user_id: Any) -> str:
    """Whom a page was made for, as the page says it: 40 hex digits that tell nobody else who that is."""
    return salted_hmac(SALT, str(user_id)).hexdigest()


@passive
@require_GET
def alive(request: HttpRequest) -> JsonResponse:
    """`{"state": …}`: "alive" while the person for whom the page was made (`?page=`, its mark) is signed in, "other"
    when somebody else is by now, "ended" when nobody is, "late" with a key that was replaced a moment ago: ask again.

    It only asks: the cookie stays, since a sign-in may be on its way that replaces it. The next page deletes it.
    """
    store = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    row = store.resolve()
    if row is None or row.user_id is None:
        state = "late" if store.is_straggler else "ended"
    else:
        state = "alive" if _is_of(row.user_id, request.GET.get("page", "")) else "other"
    return JsonResponse({"state": state}, headers={"Cache-Control": "no-store, private"})


def _is_of(user_id: Any, mark: str) -> bool:
    """A page that was made before the secret was rotated is still the same person's."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(
        constant_time_compare(mark, salted_hmac(SALT, str(user_id), secret=secret).hexdigest())
        for secret in secrets
    )
