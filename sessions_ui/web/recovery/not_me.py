"""The page behind "This wasn't me" in a mail.

Mail scanners and previews open every link, so opening it changes nothing, however often; only the button does, once.
It works signed out, shows no more than the mail has told already, and opens the recovery of the account. The link in
the alert is up to a week old, was not asked for, and is passed on ("is this genuine?"): so it sets no password. What
does is the link that is mailed now, to that very address. In a mail to an address that the owner has removed it ends
sessions, and does nothing else.

The link's token stays in no access log for long enough to be of use there: opened, it moves at once into a cookie of
minutes that goes to the page behind it only, and the address of that page names it by a digest. Several links may be
open at the same time, each with a cookie of its own. A token that is not good makes no cookie.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sessions_ui.actions.devices.not_me import Report, report_by_link
from sessions_ui.client import Place
from sessions_ui.conf import conf
from sessions_ui.models import Delivery, Event, Recovery, Session
from sessions_ui.models.primary import all_users
from sessions_ui.not_me_link import read_not_me_token
from sessions_ui.web.devices.own import own_session
from sessions_ui.web.recovery.entrance import forget_link
from sessions_ui.web.responses.link_cookie import cookie_name, keep_token
from sessions_ui.wording.credentials import masked

OPENED = timedelta(minutes=30)  # to read the page and press its button; the mail's link opens it again
SALT = "sessions_ui.not_me_done"
DONE = timedelta(
    minutes=10
)  # so long a page says what the button did, whose address stays in a browser's history


class NotMeForm(forms.Form):
    everywhere = forms.BooleanField(label=_("Sign out everywhere else, too"), required=False)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: HttpRequest, token: str) -> HttpResponseBase:
    """Move the token out of the address on GET, and go on as the page behind it; do on POST what that page does.

    410 for a link that is forged, too old or used, or whose account is gone.
    """
    if request.method == "POST" or delivery_of(token) is None:
        return ask(request, token)
    reference = reference_of(token)
    response = redirect("sessions_ui:not_me_opened", reference=reference)
    keep_token(response, token, name=cookie_of(reference), path=response.url, age=OPENED)
    return response


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def opened(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Show the page for the link that this browser has opened within the last minutes, and do what its button says."""
    token = request.COOKIES.get(cookie_name(cookie_of(reference)), "")
    return ask(request, token if reference_of(token) == reference else "")


def reference_of(token: str) -> str:
    """Return what names the token in an address without telling it."""
    return sha256(token.encode()).hexdigest()[:16]


def cookie_of(reference: str) -> str:
    return f"not-me-{reference}"


def ask(request: HttpRequest, token: str) -> HttpResponseBase:
    """Ask on GET; do it on POST, and lead to what was done.

    410 for a link that is forged, too old or used, or whose account is gone.
    """
    delivery = delivery_of(token)
    session = told_session(delivery) if delivery else None
    if delivery is None or session is None:
        return page(request, "not_me_gone", status=410)
    user_id: Any = delivery.user_id
    user = all_users().filter(pk=user_id).first()
    if user is None:
        return page(request, "not_me_gone", status=410)
    if request.method != "POST":
        return page(request, "not_me", session=session, place=Place.from_dict(session.first_place))
    form = NotMeForm(request.POST)
    everywhere = form.is_valid() and form.cleaned_data["everywhere"]
    report = report_by_link(delivery=delivery, session=session, everywhere=everywhere)
    if report is None:
        return page(request, "not_me_gone", status=410)
    result = signed_result(delivery, report, everywhere=everywhere, is_kept=is_kept(request, user_id))
    response = redirect("sessions_ui:not_me_done", result=result)
    forget_link(response)
    return response


def signed_result(delivery: Delivery, report: Report, *, everywhere: bool, is_kept: bool) -> str:
    """Return what the page after the button is about, as a part of its address: keys of rows, and no name."""
    case = report.recovery.pk if report.recovery is not None else None
    return signing.dumps([delivery.pk, case, everywhere, report.is_former, is_kept], salt=SALT)


def is_kept(request: HttpRequest, user_id: Any) -> bool:
    """Return whether the button was pressed in a sign-in of that account, which goes on."""
    return Session.objects.living().sign_ins().filter(pk=own_session(request) or 0, user_id=user_id).exists()


@login_not_required
@never_cache
@require_safe
def done(request: HttpRequest, result: str) -> HttpResponseBase:
    """Say what the button did and what comes next, for ten minutes; 410 later."""
    try:
        delivery_pk, case_pk, everywhere, is_former, is_kept = signing.loads(result, salt=SALT, max_age=DONE)
    except (signing.BadSignature, ValueError):
        return page(request, "not_me_gone", status=410)
    delivery = Delivery.objects.filter(pk=delivery_pk).first()
    if delivery is None:
        return page(request, "not_me_gone", status=410)
    return page(
        request,
        "not_me_done",
        everywhere=everywhere,
        is_kept=is_kept,
        case=Recovery.objects.filter(pk=case_pk).first(),
        is_former=is_former,
        address=masked(delivery.receiver),
        has_link=bool(conf.site_url),
        help_url=conf.help_url,
    )


def delivery_of(token: str) -> Delivery | None:
    pk = read_not_me_token(token, age=conf.not_me_link_age)
    if pk is None:
        return None
    return Delivery.objects.filter(pk=pk, link_used_at__isnull=True, user__isnull=False).first()


def told_session(delivery: Delivery) -> Session | None:
    """Return the session that the mail told of; it may have ended since."""
    user_id: Any = delivery.user_id
    event_id: Any = delivery.event_id
    event = Event.objects.filter(pk=event_id).first()
    if event is None or event.told_session_id is None:
        return None
    told = Session.objects.filter(pk=event.told_session_id, user_id=user_id)
    return told.select_related("device").defer("payload").first()


def page(request: HttpRequest, name: str, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(
        request,
        f"sessions_ui/{name}.html",
        {"base_template": conf.base_template, **context},
        status=status,
    )
