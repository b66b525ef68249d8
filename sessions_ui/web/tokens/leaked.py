"""The public form for an access token that somebody has found.

Whoever has a token can use it, so whoever has it may end it. The answer is the same whatever was sent: whoever has a
value can try it elsewhere, but the form is to be no better place for that. The value is in no log, error report, event
or page.
"""

from __future__ import annotations

from itertools import islice

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from sessions_ui.actions.sessions.client import client_network
from sessions_ui.actions.tokens.leaked import report_leaked
from sessions_ui.conf import conf
from sessions_ui.services.site_cache import within_limit
from sessions_ui.token_value import tokens_in
from sessions_ui.web.tokens.forms import LeakedForm

MOST_AT_ONCE = 20  # tokens in one text: as many as the field holds
MOST_REPORTS, SECONDS = 10, 60  # of one network


@sensitive_post_parameters("token", "where")
@sensitive_variables("form", "text", "value", "where")
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leaked(request: HttpRequest) -> HttpResponseBase:
    """Ask for the token on GET; on POST end it, should there be one, and lead to the thanks."""
    if request.method != "POST":
        return page(request, LeakedForm())
    form = LeakedForm(request.POST)
    if not form.is_valid():
        return page(request, form, status=422)
    if not within_limit("leaked", client_network(request), most=MOST_REPORTS, seconds=SECONDS):
        error = _("Too many reports in a short time. Wait a minute, then try again.")
        return page(request, LeakedForm(), error=error, status=429)
    text, where = form.cleaned_data["token"], form.cleaned_data["where"]
    # People paste addresses with a token in them, too.
    for value in islice(tokens_in(f"{text}\n{where}"), MOST_AT_ONCE):
        report_leaked(value=value, where=where)
    return redirect("sessions_ui:leaked_thanks")


@login_not_required
@never_cache
@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """Say what was done with whatever was sent."""
    return page(request, None)


def page(
    request: HttpRequest, form: LeakedForm | None, *, error: str = "", status: int = 200
) -> HttpResponse:
    context = {"base_template": conf.base_template, "form": form, "error": error}
    return render(request, "sessions_ui/leaked.html", context, status=status)
