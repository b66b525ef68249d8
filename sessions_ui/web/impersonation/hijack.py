"""django-hijack's views, on our impersonation: `path("hijack/", include("sessions_ui.web.hijack_urls"))`.

The same names, fields, signals and session key, so that its buttons, banner and middleware work; without its `login()`,
which would end the staff member's own session and pass for a sign-in of the customer's (docs/impersonation.md).
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.urls import path
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from hijack import signals
from hijack.conf import settings

from sessions_ui.impersonation.api import impersonate, stop_impersonating
from sessions_ui.models.primary import visible_users
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.responses.redirects import safe_next

HISTORY = "hijack_history"


@login_required
@require_POST
def acquire(request: HttpRequest) -> HttpResponse:
    if "user_pk" not in request.POST:
        return HttpResponseBadRequest()
    try:
        person = visible_users().get(pk=request.POST["user_pk"])
    except (get_user_model().DoesNotExist, ValueError, ValidationError) as error:
        raise Http404 from error
    actor: Any = request.user
    if not import_string(settings.HIJACK_PERMISSION_CHECK)(hijacker=actor, hijacked=person):
        raise PermissionDenied
    reason = request.POST.get("reason", "").strip() or _("Support")
    impersonate(request, user=person, actor=actor, reason=reason)
    request.session[HISTORY] = [person._meta.pk.value_to_string(actor)]
    signals.hijack_started.send(sender=None, request=request, hijacker=actor, hijacked=person)
    return HttpResponseRedirect(safe_next(request) or resolve_url(settings.LOGIN_REDIRECT_URL))


@login_required
@require_POST
def release(request: HttpRequest) -> HttpResponse:
    person = request.user
    actor = stop_impersonating(request)
    if not actor.is_authenticated:
        return redirect(settings.LOGIN_URL)
    signals.hijack_ended.send(sender=None, request=request, hijacker=actor, hijacked=person)
    return HttpResponseRedirect(safe_next(request) or resolve_url(settings.LOGOUT_REDIRECT_URL or "/"))


app_name = "hijack"

urlpatterns = [path("acquire/", acquire, name="acquire"), path("release/", release, name="release")]
