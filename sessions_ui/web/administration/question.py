"""The question who is there, in the look of the admin, and the answer to it.

What was posted waits in the page that asks, and the browser sends it again: nothing of it is stored. Passwords and
files do not wait there. Where something of the kind was posted the form is opened again, empty.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from sessions_ui.conf import conf
from sessions_ui.models import VerificationCode
from sessions_ui.web.administration.demand import needs_factor, needs_proof
from sessions_ui.web.responses.navigation import is_page_navigation, wants_json
from sessions_ui.web.responses.programs import line_of_text, problem
from sessions_ui.web.step_up.credentials import act_of_going_on
from sessions_ui.web.step_up.reauthentication import Reauthentication, Way, reauthentication

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

# What the question adds to the fields of an act; the view never sees it.
PREFIX = "sessions_ui"
ANSWERED = f"{PREFIX}-answered"
OPENS = f"{PREFIX}-opens"
# Fields whose values are not written into a page.
SECRET = re.compile(r"pass|pwd|secret|token|credential|api_?key|private_?key|(^|_)pin($|_)", re.IGNORECASE)


def answer_or_question(request: HttpRequest, site: AdminSite | None) -> HttpResponseBase | None:
    """Return None where the request brings the right answer, and what it was about goes on.

    A request that another site has forged gets no page that would send it again as a good one.
    """
    if (forged := check_csrf(request)) is not None:
        return forged
    if ANSWERED not in request.POST:
        return question(request, site)
    if needs_factor(request):
        error = _("You haven’t used your second factor yet. Nothing was changed.")
        return question(request, site, error=error)
    if lacks_proof(request):
        error = _("You haven’t confirmed it’s you another way yet. Nothing was changed.")
        return question(request, site, error=error)
    return check_answer(request, site)


def check_csrf(request: HttpRequest) -> HttpResponseBase | None:
    """Return what Django answers to a forged request, wherever in MIDDLEWARE its own check is; else None."""
    guard = CsrfViewMiddleware(lambda request: HttpResponse())
    guard.process_request(request)
    return guard.process_view(request, question, (), {})


def check_answer(request: HttpRequest, site: AdminSite | None) -> HttpResponseBase | None:
    request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]
    asking = reauthentication(request)
    form = prefixed(asking.form(request.POST))
    if not asking.may_try():
        error = _("Too many tries. Nothing was changed. Wait a few minutes, then try again.")
        return question(request, site, error=error, status=429)
    if form is None or not form.is_valid():
        asking.refuse(form)
        return question(request, site, form=form, status=422)
    asking.confirm(form)
    return go_on(request)


def go_on(request: HttpRequest) -> HttpResponseBase | None:
    """Return None where the act goes on, with its own fields only; else the way to the page that was to be opened."""
    if OPENS in request.POST:
        return HttpResponseRedirect(request.get_full_path())
    if ANSWERED in request.POST:
        fields = request.POST.copy()
        for name in [name for name in fields if name.startswith(f"{PREFIX}-")]:
            del fields[name]
        fields._mutable = False
        request.POST = fields  # type: ignore[assignment]
    return None


def prefixed(form: forms.Form | None) -> forms.Form | None:
    """Name the fields of the question so that none of the act's has the same name."""
    if form is not None:
        form.prefix = PREFIX
    return form


def question(
    request: HttpRequest,
    site: AdminSite | None,
    *,
    form: forms.Form | None = None,
    error: str = "",
    opens: bool = False,
    status: int = 403,
) -> HttpResponseBase:
    """Show the question. `opens`: the answer leads to this address by GET, and nothing is sent again."""
    if not is_page_navigation(request):
        return for_program(request)
    is_lost = bool(request.FILES) or any(SECRET.search(name) for name, _value in carried(request))
    opens = opens or is_lost or OPENS in request.POST or request.method == "GET"
    asking = reauthentication(request)
    factor = needs_factor(request)
    proof = not factor and lacks_proof(request)
    back = request.get_full_path() if opens else start_of(site)
    context: dict[str, Any] = {
        **(site.each_context(request) if site is not None else {}),
        "base_template": "admin/base_site.html" if site is not None else conf.base_template,
        "title": _("Confirm it’s you"),
        "error": error,
        "form": None if factor or proof else form or prefixed(asking.form()),
        "ways": [way_to_proof(request, back)] if proof else ways_to(back, asking, factor=factor),
        "factor": factor,
        "proof": proof,
        "opens": opens,
        "is_lost": is_lost,
        "carried": [] if opens else carried(request),
        "answered": ANSWERED,
        "opens_field": OPENS,
        "help_url": conf.help_url,
    }
    return _private(request, context, status)


@never_cache
def _private(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    return render(request, "sessions_ui/admin/confirm.html", context, status=status)


def ways_to(back: str, asking: Reauthentication, *, factor: bool) -> list[Way]:
    """Return the pages on which it can be confirmed, each coming back to `back`."""
    if not factor:
        return asking.ways(back)
    if not conf.help_desk_factor_url:
        return []
    return [
        Way(redirect_to_login(back, resolve_url(conf.help_desk_factor_url)).url, _("Use my second factor"))
    ]


def lacks_proof(request: HttpRequest) -> bool:
    age = conf.admin_reauthentication_age
    return age is not None and needs_proof(request, age)


def way_to_proof(request: HttpRequest, back: str) -> Way:
    """Return the page on which a further proof is given, coming back to `back`."""
    act = act_of_going_on(_("Act in the administration"), VerificationCode.Purpose.ADMINISTRATION, back=back)
    url = f"{reverse('sessions_ui:prove')}?{urlencode({'act': act.sign(request.user)})}"
    return Way(url, _("Confirm it’s you another way, for example with an emailed code"))


def start_of(site: AdminSite | None) -> str:
    """Return where another tab ends that was opened to confirm it: on a page on which nothing happens."""
    return reverse("admin:index", current_app=site.name) if site is not None else "/"


def carried(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the fields of the act, one pair for each value."""
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken" and not name.startswith(f"{PREFIX}-")
        for value in values
    ]


def for_program(request: HttpRequest) -> HttpResponse:
    """Answer 403 to a script of a page, which shows nobody a question."""
    text = _("First confirm it’s you: open a page of the administration and save something there.")
    if wants_json(request):
        return problem(403, "reauthentication-needed", text)
    return line_of_text(403, text)
