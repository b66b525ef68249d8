"""The page behind "This wasn't me" in a mail.

Mail scanners and previews open every link, so opening it changes nothing, however often; only the button does, once.
It works signed out, shows no more than the mail has told already, and starts the recovery through the address that the
mail went to: not through one that a thief may have entered since, nor through one that the owner has removed.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sessions_ui.actions.devices.not_me import report_by_link
from sessions_ui.actions.trusted_addresses import recovers_by
from sessions_ui.client import Place
from sessions_ui.conf import conf
from sessions_ui.models import Delivery, Session
from sessions_ui.models.primary import all_users
from sessions_ui.not_me_link import read_not_me_token


class NotMeForm(forms.Form):
    everywhere = forms.BooleanField(label=_("Sign out everywhere else, too"), required=False)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: HttpRequest, token: str) -> HttpResponseBase:
    """Ask on GET, and do it on POST. 410 for a link that is forged, too old or used, or whose account is gone."""
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
    if report_by_link(delivery=delivery, session=session, everywhere=everywhere) is None:
        return page(request, "not_me_gone", status=410)
    recovers = recovers_by(user, delivery.receiver) is not False
    next_url = conf.recovery(request, user, delivery.receiver) if recovers else None
    if next_url is not None:
        return redirect(next_url)
    return page(
        request,
        "not_me_done",
        everywhere=everywhere,
        provider=conf.provider_name(session.provider),
        is_former=not recovers,
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
    told = Session.objects.filter(events=delivery.event_id, user_id=user_id)
    return told.select_related("device").defer("payload").first()


def page(request: HttpRequest, name: str, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(
        request,
        f"sessions_ui/{name}.html",
        {"base_template": conf.base_template, **context},
        status=status,
    )
