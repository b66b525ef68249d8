"""Leaving an account that staff uses, and what they read when they try what only its owner may do."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sessions_ui.conf import conf
from sessions_ui.impersonation.api import stop_impersonating
from sessions_ui.web.responses.navigation import wants_json
from sessions_ui.web.responses.programs import problem
from sessions_ui.web.responses.redirects import safe_next


@login_not_required  # somebody whose session is over reads why, as without `LoginRequiredMiddleware`
@require_POST
def leave_account(request: HttpRequest) -> HttpResponse:
    """Go back to one's own session, and to `next` or the start page."""
    user = stop_impersonating(request)
    if not user.is_authenticated:
        return redirect(settings.LOGIN_URL)
    return HttpResponseRedirect(safe_next(request) or resolve_url(settings.LOGIN_REDIRECT_URL))


def only_for_its_owner(request: HttpRequest) -> HttpResponse:
    """Answer 403 and say why: nothing was done, because only the account's owner may do it."""
    if wants_json(request):
        return problem(
            403, "only-the-owner", _("You are using this account as support. Only its owner can do this.")
        )
    context = {"base_template": conf.base_template}
    return render(request, "sessions_ui/only_the_owner.html", context, status=403)
