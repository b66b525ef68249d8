"""Who may see a recovery: the account's owner who is signed in, and whoever opened the link that was mailed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sessions_ui.actions.step_up.policy import acting_session
from sessions_ui.conf import conf
from sessions_ui.context import is_impersonated
from sessions_ui.models import Delivery, Event, Recovery
from sessions_ui.models.primary import all_users
from sessions_ui.not_me_link import again_token, read_recovery_token
from sessions_ui.web.responses.link_cookie import cookie_name, forget_token, keep_token
from sessions_ui.web.step_up.prove import has_vouched
from sessions_ui.web.step_up.reauthentication import reauthentication

COOKIE = "recovery"


@dataclass(frozen=True, slots=True)
class Entered:
    """A recovery, whose it is, and whether a mailed link led to it: its holder has shown all that is needed."""

    case: Recovery
    user: Any
    by_link: bool

    def may_act(self, request: HttpRequest) -> bool:
        """Return whether the steps may be done now. A session has to confirm who it is, and to vouch for itself or show
        more than it signed in with: else a stolen cookie would be enough to set a new password."""
        if self.by_link:
            return True
        session = acting_session()
        if session is None or is_impersonated() or not reauthentication(request).is_fresh():
            return False
        return has_vouched(self.user, session)


@login_not_required
@never_cache
@require_safe
def enter(request: HttpRequest, token: str) -> HttpResponseBase:
    """Put what the link says into a cookie for the page itself. This changes nothing, since mail scanners open every
    link. 410 for one that is too old while the recovery is still open: another is mailed by a button."""
    case = case_by_link(token)
    old = case_by_link(token, age=conf.recovery_freeze) if case is None else None
    if old is not None and old.is_open:
        return too_old(request, old)
    response = redirect("sessions_ui:recovery")
    if case is not None:
        keep_token(response, token, name=COOKIE, path=response.url, age=conf.recovery_link_age)
    return response


def too_old(request: HttpRequest, case: Recovery) -> HttpResponse:
    context = {
        "base_template": conf.base_template,
        "help_url": conf.help_url,
        "account": again_token(case.user_id),
    }
    return render(request, "sessions_ui/recovery_again.html", context, status=410)


def entered(request: HttpRequest) -> Entered | None:
    """Return the recovery that this browser may see; None where there is none, or it was closed a while ago.

    Somebody who is signed in sees their own while it is open, whatever link was opened in this browser: one may have
    been planted there, for a new password of theirs to become that of another account.
    """
    case, by_link = case_by_link(request.COOKIES.get(cookie_name(COOKIE), "")), True
    if request.user.is_authenticated:
        own = Recovery.objects.of(request.user).order_by("-pk").first()
        if case is None or (own is not None and own.is_open and own.pk != case.pk):
            case, by_link = own, False
    if case is None or is_long_closed(case):
        return None
    user = all_users().filter(pk=case.user_id).first()
    return Entered(case, user, by_link) if user is not None else None


def forget_link(response: HttpResponseBase) -> None:
    """Delete the cookie of a link that was opened before: a report begins a recovery, whose own link is on its way."""
    forget_token(response, name=COOKIE, path=reverse("sessions_ui:recovery"))


def case_by_link(token: str, *, age: timedelta | None = None) -> Recovery | None:
    pk = read_recovery_token(token, age=age or conf.recovery_link_age)
    if pk is None:
        return None
    mails = Delivery.objects.filter(pk=pk, event__kind=Event.Kind.RECOVERY_LINK)
    known = mails.values_list("user_id", "event__data").first()
    if known is None:
        return None
    user_id, data = known
    return Recovery.objects.filter(public_id=data.get("recovery"), user_id=user_id).first()


def is_long_closed(case: Recovery) -> bool:
    return case.closed_at is not None and case.closed_at <= timezone.now() - conf.recovery_link_age
