"""What allauth has no page for."""

from __future__ import annotations

from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.views.decorators.http import require_GET

from accounts.credentials.provenance import set_up_at

PAGES = {
    Authenticator.Type.TOTP: "mfa_reauthenticate",
    Authenticator.Type.WEBAUTHN: "mfa_reauthenticate_webauthn",
}


@login_required
@require_GET
def second_factor(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect to where this person can show the second factor that is there for longest, because a new one does not
    count yet; else to where one is set up."""
    factors = Authenticator.objects.filter(user=request.user, type__in=PAGES)
    oldest = min(factors.order_by("pk"), key=set_up_at, default=None)
    if oldest is None:
        return HttpResponseRedirect(resolve_url("mfa_index"))
    page = PAGES[Authenticator.Type(oldest.type)]
    back = request.GET.get(REDIRECT_FIELD_NAME, "")
    query = f"?{urlencode({REDIRECT_FIELD_NAME: back})}" if get_adapter(request).is_safe_url(back) else ""
    return HttpResponseRedirect(resolve_url(page) + query)
