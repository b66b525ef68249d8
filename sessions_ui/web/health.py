"""For load balancers: answers as long as this process reaches its database."""

from __future__ import annotations

from django.db import DatabaseError, connections, router
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from sessions_ui.models import Session


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 `{"status": "ok"}`, or 503. A late worker is no reason to take a web process out: the administration
    shows that. Makes no session and needs none."""
    try:
        with connections[router.db_for_write(Session)].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "database unreachable"}, status=503)
    return JsonResponse({"status": "ok"})
