"""The page on which people download what is stored about them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sessions_ui.actions.privacy.export import TooMuch, export_for_page
from sessions_ui.conf import conf
from sessions_ui.context import require_owner
from sessions_ui.web.responses.files import as_file
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.step_up.confirm import ask_again
from sessions_ui.web.step_up.reauthentication import reauthentication

CONTENT_TYPE = "application/json; charset=utf-8"


@login_required
@require_safe
def your_data(request: HttpRequest) -> HttpResponse:
    return page(request)


@login_required
@require_POST
def unlock(request: HttpRequest) -> HttpResponseBase:
    """Ask who is there, where it has to be asked, and come back to the page.

    It is a step of its own, because a question that is answered with a file would stay on the screen.
    """
    if question := ask_again(request, _("Download what we store about you")):
        return question
    return redirect("sessions_ui:your_data")


@login_required
@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    require_owner()
    if not reauthentication(request).is_fresh():
        return redirect("sessions_ui:your_data")
    try:
        content = export_for_page(user=request.user, actor=request.user, for_owner=True)
    except TooMuch:
        return page(request, too_much=True, status=422)
    return as_file(content, name="your-data.json", content_type=CONTENT_TYPE)


def page(request: HttpRequest, *, too_much: bool = False, status: int = 200) -> HttpResponse:
    context = {
        "base_template": conf.base_template,
        "fresh": reauthentication(request).is_fresh(),
        "too_much": too_much,
        "retention_days": conf.retention.days,
        "help_url": conf.help_url,
    }
    return render(request, "sessions_ui/your_data.html", context, status=status)
