"""Warning before the idle timeout signs somebody out: one click on the page stays signed in (WCAG 2.2.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.store import store_of
from sessions_ui.web.presence.decorators import passive
from sessions_ui.web.responses.login_required import login_required

# With longer timeouts no page stays open for so long that a warning would help.
LONGEST = timedelta(days=1)


def seconds_left(request: HttpRequest, user: Any) -> int | None:
    """Return how many seconds are left until the session ends if nothing happens; None without such a limit, and for
    one that is not worth a warning."""
    idle = for_user(conf.idle_timeout, user)
    store = store_of(request)
    row = store.row if store is not None else None
    if idle is None or idle > LONGEST or row is None:
        return None
    return max(int((row.last_seen_at + idle - timezone.now()).total_seconds()), 0)


@passive
@login_required
@require_GET
def idle(request: HttpRequest) -> JsonResponse:
    """Answer `{"seconds": …}`: how many are left, because another tab may have been used meanwhile. Asking it is no
    activity."""
    return answer(seconds_left(request, request.user))


@login_required
@require_POST
def stay(request: HttpRequest) -> JsonResponse:
    """Stay signed in: activity like any other, which the middleware records after this view."""
    limit = for_user(conf.idle_timeout, request.user)
    return answer(int(limit.total_seconds()) if limit is not None and limit <= LONGEST else None)


def answer(seconds: int | None) -> JsonResponse:
    return JsonResponse({"seconds": seconds}, headers={"Cache-Control": "no-store, private"})
