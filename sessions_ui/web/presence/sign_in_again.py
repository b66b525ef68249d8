"""The way out of a lost answer: the browser has a session key that was replaced, and never got the new one."""

from __future__ import annotations

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.views.decorators.http import require_POST

from sessions_ui.store import store_of
from sessions_ui.web.responses.redirects import safe_next, to_sign_in


@login_not_required
@require_POST
def sign_in_again(request: HttpRequest) -> HttpResponseRedirect:
    """End the session whose new key nobody has, and lead to the sign-in page, and from there to `next`.

    A sign-in under the replaced key is refused, because its cookie could take the place of a new key that is still on
    its way. Where that has come meanwhile, nothing ends, and the person gets to `next` at once.
    """
    back = safe_next(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(back or resolve_url("sessions_ui:devices"))
    store = store_of(request)
    if store is not None and store.is_straggler:
        logout(request)
    return HttpResponseRedirect(to_sign_in(back))
