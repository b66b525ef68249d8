"""The endpoint where sign-in providers say that somebody signed out there."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sessions_ui.conf import conf

NOT_KEPT = {"Cache-Control": "no-store"}


@csrf_exempt  # the token's signature says who sends it; no cookie is involved
@login_not_required
@transaction.non_atomic_requests
@require_POST
def provider_sign_out(request: HttpRequest) -> JsonResponse:
    """Answer back-channel logout: 200 where nothing is left that the token speaks of, else 400 and why."""
    if not any(provider.issuer for provider in conf.providers.values()):
        raise Http404
    # Here and not above: only sites with such providers have the library.
    from sessions_ui.actions.endings.provider_sign_out import sign_out_by_token
    from sessions_ui.sso import LogoutTokenRefused

    try:
        sign_out_by_token(request.POST.get("logout_token", ""))
    except LogoutTokenRefused as refused:
        answer = {"error": refused.error, "error_description": str(refused)}
        return JsonResponse(answer, status=400, headers=NOT_KEPT)
    return JsonResponse({}, headers=NOT_KEPT)
