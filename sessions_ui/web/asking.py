"""Asking again before an act, and carrying on where it stopped.

The act waits in a signed field of the form that asks: nothing of it is kept on the server, and it is good for its
person and ten minutes only. It was a POST that had passed the CSRF check, and is done again as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from sessions_ui.acting import require_owner
from sessions_ui.conf import conf
from sessions_ui.web.reauthentication import reauthentication

ACT_SECONDS = 600
SALT = "sessions_ui.act"
DIALOG = "#sui-dialog"


@dataclass(frozen=True, slots=True)
class WaitingAct:
    """A POST to one of the app's own addresses: path without the script prefix, fields, and what it is in words."""

    path: str
    fields: str
    what: str

    def sign(self, user: Any) -> str:
        return signing.dumps([str(user.pk), self.path, self.fields, self.what], salt=SALT, compress=True)

    @classmethod
    def read(cls, signed: str, user: Any) -> WaitingAct | None:
        """None for what is too old, somebody else's or no act at all."""
        try:
            owner, path, fields, what = signing.loads(signed, salt=SALT, max_age=ACT_SECONDS)
        except (signing.BadSignature, ValueError):
            return None
        return cls(path, fields, what) if owner == str(user.pk) else None


def ask_again(request: HttpRequest, what: str) -> HttpResponse | None:
    """None when the act may go on; else the response that asks who is there. `what` names the act in words."""
    require_owner()
    if reauthentication(request).is_fresh():
        return None
    fields = request.POST.copy()
    fields.pop("csrfmiddlewaretoken", None)
    return asked(request, WaitingAct(request.path_info, fields.urlencode(), what))


@sensitive_post_parameters("password")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponseBase:
    """The answer to the question. A GET comes back from another way to confirm it, and offers to carry on."""
    fields = request.POST if request.method == "POST" else request.GET
    act = WaitingAct.read(fields.get("act", ""), request.user)
    if act is None:
        return too_late(request)
    if request.method != "POST":
        return asked(request, act)
    asking = reauthentication(request)
    if asking.is_fresh():
        return carry_on(request, act)
    form = asking.form(request.POST)
    if not asking.may_try():
        error = _("Too many tries. Nothing was changed. Wait a few minutes, then try again.")
        return asked(request, act, error=error, status=429)
    if form is not None and form.is_valid():
        asking.confirm(form)
        return carry_on(request, act)
    asking.refuse(form)
    return asked(request, act, form=form, status=422)


def carry_on(request: HttpRequest, act: WaitingAct) -> HttpResponseBase:
    """Do what had to wait, as if it was posted now."""
    try:
        match = resolve(act.path)
    except Resolver404:  # the site moved its addresses in these ten minutes
        return too_late(request)
    request.POST = QueryDict(act.fields)
    request.path_info, request.resolver_match = act.path, match
    return match.func(request, *match.args, **match.kwargs)


def too_late(request: HttpRequest) -> HttpResponseBase:
    messages.error(request, _("That took too long, so nothing was changed. Try again."), fail_silently=True)
    response: HttpResponseBase = redirect("sessions_ui:devices")
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(headers={"HX-Redirect": reverse("sessions_ui:devices")})
    return response


def asked(
    request: HttpRequest,
    act: WaitingAct,
    *,
    form: forms.Form | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """The question: in the page's dialog for htmx, else a page of its own."""
    fragment = request.headers.get("HX-Request") == "true"
    asking = reauthentication(request)
    signed = act.sign(request.user)
    ways = asking.ways(f"{reverse('sessions_ui:confirm')}?{urlencode({'act': signed})}")
    context = {
        "base_template": conf.base_template,
        "act": signed,
        "what": act.what,
        "error": error,
        "fresh": asking.is_fresh(),
        "form": form or asking.form(),
        "ways": [way for way in ways if not way.without_phone],
        "ways_without_phone": [way for way in ways if way.without_phone],
        "help_url": conf.help_url,
        # Where the answer goes when it was right: the part of the page that the act changes.
        "target": "device" if request.headers.get("HX-Target") == "device" else "devices",
    }
    template = "sessions_ui/_ask.html" if fragment else "sessions_ui/ask.html"
    response = render(request, template, context, status=status)
    if fragment:
        response.headers["HX-Retarget"] = DIALOG
        response.headers["HX-Reswap"] = "innerHTML"
    return response
