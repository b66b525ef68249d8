"""SCIM 2.0 (RFC 7644): the directory disables an account, or takes it away."""

import json

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods


@csrf_exempt  # a token, no cookie
@login_not_required
@require_http_methods(["PATCH", "DELETE"])
def user(request: HttpRequest, pk: int) -> HttpResponse:
    """Disabled is disabled: a DELETE keeps the row, and with it the history."""
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.SCIM_TOKEN}"):
        return HttpResponse(status=401)
    person = get_object_or_404(get_user_model(), pk=pk)
    try:
        active = False if request.method == "DELETE" else active_after(json.loads(request.body))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return HttpResponse(status=400)
    if active is not None and active != person.is_active:
        person.is_active = active
        person.save(update_fields=["is_active"])  # all that is signed in ends with it; True revives nothing
    return HttpResponse(status=204)


def active_after(patch: dict) -> bool | None:
    """What the PatchOp makes of "active"; None where it leaves it alone. Entra ID writes "False", others false."""
    active = None
    for operation in patch["Operations"]:
        path, value = operation.get("path", ""), operation.get("value")
        if not path and isinstance(value, dict):
            path, value = "active", value.get("active")
        if path == "active" and value is not None and operation["op"].lower() in ("add", "replace"):
            active = str(value).lower() == "true"
    return active
