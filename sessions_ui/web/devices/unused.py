"""Choosing when what somebody does not use is signed out: one line of the devices page."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sessions_ui.actions.sessions.choose_unused import choose_unused
from sessions_ui.actions.trusted_addresses import receivers_of
from sessions_ui.models import Session
from sessions_ui.web.devices.forms import UnusedForm
from sessions_ui.web.devices.views import done, page
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.step_up.confirm import ask_again
from sessions_ui.wording.unused import chosen_text


@login_required
@require_POST
def choose(request: HttpRequest) -> HttpResponseBase:
    """Save the choice. It asks what a sign-out of everything asks: a few months end older sign-ins, and "never" would
    keep a stolen one alive."""
    form = UnusedForm(request.POST)
    if not form.is_valid():
        return page(request, error=_("Choose one of the times in the list."), status=422)
    ends = Session.objects.of(request.user).sign_ins()
    if question := ask_again(request, _("Change when unused devices are signed out"), ends=ends):
        return question
    months = form.cleaned_data["months"]
    choose_unused(user=request.user, months=months, actor=request.user)
    return done(request, chosen_text(months, is_told=bool(receivers_of(request.user.pk))))
