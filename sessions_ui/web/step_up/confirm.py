"""Asking people again who they are before an act."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.conf import conf
from sessions_ui.context import require_owner
from sessions_ui.database.transactions import once
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.step_up.pending import WaitingAct, carry_on, led_to_question, question, too_late
from sessions_ui.web.step_up.prove import ask_for_proof
from sessions_ui.web.step_up.reauthentication import Reauthentication, reauthentication


def ask_again(
    request: HttpRequest, what: str, *, ends: SessionQuerySet | None = None, bridged: bool = False
) -> HttpResponse | None:
    """Return None when the act may go on, else the response that asks people who they are.

    `what` names the act in words, `ends` the sessions that it ends: ending older ones needs a further proof, unless
    this session vouches for itself. `bridged` says whether it ends what other packages let in, which needs one as well.
    """
    require_owner()
    if not reauthentication(request).is_fresh():
        act = WaitingAct.of(request, what)
        return led_to_question(request, act, "sessions_ui:confirm") or asked(request, act)
    return ask_for_proof(request, what, ends=ends, bridged=bridged)


@sensitive_post_parameters("password")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponseBase:
    """Check the answer to the question. A GET asks it, or comes back from another way to confirm it and offers to carry
    on."""
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
    is_right = once(partial(tried, request, asking, form))
    if is_right is None:
        error = _("Too many tries. Nothing was changed. Wait a few minutes, then try again.")
        return asked(request, act, error=error, status=429)
    if form is not None and is_right:
        asking.confirm(form)
        return carry_on(request, act)
    return asked(request, act, form=form, status=422)


def tried(request: HttpRequest, asking: Reauthentication, form: forms.Form | None) -> bool | None:
    """Return whether the form is right; None after too many wrong ones.

    The account is held until a wrong one is counted, so that many tries at once are no more than one after the other.
    """
    hold_acting_session(request.user.pk)
    if not asking.may_try():
        return None
    if form is not None and form.is_valid():
        return True
    asking.refuse(form)
    return False


def asked(
    request: HttpRequest,
    act: WaitingAct,
    *,
    form: forms.Form | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show the question: in the page's dialog for htmx, else on a page of its own."""
    asking = reauthentication(request)
    ways = asking.ways(f"{reverse('sessions_ui:confirm')}?{urlencode({'act': act.sign(request.user)})}")
    context = {
        "error": error,
        "fresh": asking.is_fresh(),
        "form": form or asking.form(),
        "ways": [way for way in ways if not way.without_phone],
        "ways_without_phone": [way for way in ways if way.without_phone],
        "help_url": conf.help_url,
    }
    return question(request, act, "ask", context, status=status)
