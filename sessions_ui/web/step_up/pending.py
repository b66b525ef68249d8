"""An act that waits until somebody has answered a question, and then carries on where it stopped.

It waits in a signed field of the form that asks: nothing of it is kept on the server, and it is good for ten minutes
and in the session that it waits in only: a thief must not be able to let the owner carry on what the thief has begun.
It was a POST that had passed the CSRF check, and is done again as one.

A plain form is led on to the question by a redirect. If the question were the answer to the form itself, a browser that
comes back to it would ask whether to send that form again, or show an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django_htmx.http import reswap, retarget

from sessions_ui.conf import conf
from sessions_ui.context import current
from sessions_ui.web.responses.navigation import htmx_of, led_to, wants_fragment

ACT_SECONDS = 600
SALT = "sessions_ui.act"
DIALOG = "#sui-dialog"
# So many characters of an address pass every server and proxy. The act of a form with more in it waits in the answer.
LONGEST_ADDRESS = 4000


@dataclass(frozen=True, slots=True)
class WaitingAct:
    """A POST to one of the app's own addresses: path without the script prefix, fields, and what it is in words.
    `purpose`: what a further proof for it is for (a `VerificationCode.Purpose`), where one is asked for."""

    path: str
    fields: str
    what: str
    purpose: str = ""

    @classmethod
    def of(cls, request: HttpRequest, what: str, purpose: str = "") -> WaitingAct:
        fields = request.POST.copy()
        fields.pop("csrfmiddlewaretoken", None)
        return cls(request.path_info, fields.urlencode(), what, str(purpose))

    def sign(self, user: Any) -> str:
        parts = [owner_of(user), self.path, self.fields, self.what, self.purpose]
        return signing.dumps(parts, salt=SALT, compress=True)

    @classmethod
    def read(cls, signed: str, user: Any) -> WaitingAct | None:
        """Return the act that was signed; None for what is too old, another session's or no act at all."""
        try:
            owner, *parts = signing.loads(signed, salt=SALT, max_age=ACT_SECONDS)
        except (signing.BadSignature, ValueError):
            return None
        return cls(*parts) if owner == owner_of(user) else None


def owner_of(user: Any) -> str:
    """Return whose an act is: the user's, in the session that acts now. A new key of it makes no difference."""
    now = current()
    return f"{user.pk} {now.session_id if now is not None else None}"


def carry_on(request: HttpRequest, act: WaitingAct) -> HttpResponseBase:
    """Do what had to wait, as if it were posted now."""
    try:
        match = resolve(act.path)
    except Resolver404:  # the site changed its URLs in these ten minutes
        return too_late(request)
    request.POST = QueryDict(act.fields)
    request.path_info, request.resolver_match = act.path, match
    return match.func(request, *match.args, **match.kwargs)


def too_late(request: HttpRequest) -> HttpResponseBase:
    messages.error(request, _("That took too long, so nothing was changed. Try again."), fail_silently=True)
    return led_to(request, reverse("sessions_ui:devices"))


def led_to_question(
    request: HttpRequest, act: WaitingAct, page: str, **marks: str
) -> HttpResponseRedirect | None:
    """Return the redirect to the question at an address of its own (`page`, its name; `marks`, more of its query). None
    where the question is the answer: by GET, and in the dialog of a page, which htmx does not leave.

    What waits is in the address, as it is on the way back from another factor. It is no secret, and of no use without
    the session and its CSRF token.
    """
    if request.method != "POST" or wants_fragment(request):
        return None
    address = f"{reverse(page)}?{urlencode({'act': act.sign(request.user), **marks})}"
    return HttpResponseRedirect(address) if len(address) <= LONGEST_ADDRESS else None


def question(
    request: HttpRequest, act: WaitingAct, name: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Show the template `_<name>.html` in the page's dialog for htmx, else `<name>.html`, a page of its own."""
    fragment = wants_fragment(request)
    context = {
        "base_template": conf.base_template,
        "act": act.sign(request.user),
        "what": act.what,
        # Where the answer goes when it was right: the part of the page that the act changes.
        "target": "device" if htmx_of(request).target == "device" else "devices",
        **context,
    }
    template = f"sessions_ui/_{name}.html" if fragment else f"sessions_ui/{name}.html"
    response = render(request, template, context, status=status)
    return reswap(retarget(response, DIALOG), "innerHTML") if fragment else response
