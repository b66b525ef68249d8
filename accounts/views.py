"""What allauth has no page for, or not for everybody."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.views import ConfirmEmailView
from allauth.mfa.models import Authenticator
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
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


class ConfirmAddress(ConfirmEmailView):
    """A link that was used or is too old is told so when its button is pressed, too: after "Back", or twice."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().post(*args, **kwargs)
        except Http404:
            return self.get(*args, **kwargs)
