"""The page of the security log. Everybody reads their own, and may take it along as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from sessions_ui.actions.privacy.export import note_export
from sessions_ui.conf import conf
from sessions_ui.context import require_owner
from sessions_ui.database import moments
from sessions_ui.web.devices.overview.view import query_of_page
from sessions_ui.web.responses import files
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.responses.navigation import wants_fragment
from sessions_ui.web.security_log.chosen import LogForm
from sessions_ui.web.security_log.files import LogFormat, file_of
from sessions_ui.web.security_log.lines import lines_of
from sessions_ui.web.step_up.confirm import ask_again
from sessions_ui.web.step_up.reauthentication import reauthentication
from sessions_ui.wording.security_log import SECURITY_LOG


@login_required
@require_safe
def security_log(request: HttpRequest) -> HttpResponse:
    """Show what happened in the account, the newest first; to htmx the part that the form narrows down."""
    return page(request, LogForm(request.GET))


@login_required
@require_POST
def unlock(request: HttpRequest) -> HttpResponseBase:
    """Ask who is there, where it has to be asked, and come back to the page.

    It is a step of its own, because a question that is answered with a file would stay on the screen.
    """
    if question := ask_again(request, _("Download your security log")):
        return question
    return back_to_page(request)


@login_required
@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """Answer with the events that the page shows, all pages of them, as a file."""
    require_owner()
    form = LogForm(query_of_page(request))
    if not form.is_valid() or not reauthentication(request).is_fresh():
        return back_to_page(request)
    try:
        how = LogFormat(request.POST.get("format", ""))
    except ValueError:
        return page(request, form, error=_("There is no file of that kind. Choose CSV or JSON."), status=422)
    noted = note_export(
        user=request.user, actor=request.user, part={"what": SECURITY_LOG, "format": str(how)}
    )
    return files.download(
        request,
        file_of(form.chosen, request.user, how, before=noted.pk),
        name=f"security-log-{moments.local(timezone.now()):%Y-%m-%d}.{how}",
        content_type=how.content_type,
    )


def back_to_page(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect to the page with what it showed."""
    query = query_of_page(request).urlencode()
    address = reverse("sessions_ui:security_log")
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


def page(request: HttpRequest, form: LogForm, *, error: str = "", status: int = 200) -> HttpResponse:
    fragment = wants_fragment(request)
    shown = form.page_of(request.user)
    lines = lines_of(shown.events, request.user)
    context = {
        "base_template": conf.base_template,
        "fragment": fragment,
        "form": form,
        "chosen": form.chosen,
        "page": shown,
        "lines": lines,
        "error": error,
        "status_text": status_text(len(lines)),
        "fresh": reauthentication(request).is_fresh(),
        "formats": list(LogFormat),
    }
    template = "sessions_ui/_security_log.html" if fragment else "sessions_ui/security_log.html"
    return render(request, template, context, status=status)


def status_text(count: int) -> str:
    """Return what a screen reader says once the list was narrowed down."""
    return ngettext("%(count)d entry is shown.", "%(count)d entries are shown.", count) % {"count": count}
