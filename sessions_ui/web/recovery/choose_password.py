"""The page behind "Choose a new password" in the mail of the help desk.

The page on which people ask for a reset asks for an address, and a thief may have removed theirs from the account. So
this one has the reset sent to the address that the mail went to. Opening it changes nothing; the button sends one mail.
While the account is being recovered that is the link to the recovery, because the password is chosen there.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sessions_ui.actions.endings.require_password import is_password_required, may_send_reset
from sessions_ui.actions.recovery.open import mail_link_again
from sessions_ui.actions.trusted_addresses import recovers_by
from sessions_ui.conf import conf
from sessions_ui.models import Delivery, Event
from sessions_ui.models.primary import all_users
from sessions_ui.not_me_link import read_reset_token
from sessions_ui.user_model import is_active
from sessions_ui.web.recovery.not_me import page

# In the address, after the button was pressed while the account is being recovered: whether the link was mailed.
RECOVERING, MAILED, LATELY = "recovering", "mailed", "lately"


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password(request: HttpRequest, token: str) -> HttpResponseBase:
    """Ask on GET, or say what the button did; send the reset on POST.

    410 for a link that is forged or too old, whose account needs no new password any more or is disabled, or whose
    address does not count for the account any more.
    """
    delivery = delivery_of(token)
    user = all_users().filter(pk=delivery.user_id).first() if delivery is not None else None
    if delivery is None or user is None or not _may_reset(user, delivery.receiver):
        return page(request, "not_me_gone", status=410)
    if not is_active(user):  # no reset is mailed to it, whatever is asked
        return page(request, "choose_password", disabled=True, status=410)
    if request.method != "POST":
        recovering = request.GET.get(RECOVERING)
        return page(
            request, "choose_password", recovering=recovering is not None, mailed=recovering == MAILED
        )
    mailed = mail_link_again(user=user)
    if mailed is not None:
        return HttpResponseRedirect(f"{request.path}?{urlencode({RECOVERING: MAILED if mailed else LATELY})}")
    if not may_send_reset(delivery):
        return page(request, "choose_password", sent=True, status=429)
    next_url = conf.password_reset(request, user, delivery.receiver)
    return redirect(next_url) if next_url is not None else page(request, "not_me_gone", status=410)


def delivery_of(token: str) -> Delivery | None:
    pk = read_reset_token(token, age=conf.not_me_link_age)
    mails = Delivery.objects.filter(channel="mail", event__kind=Event.Kind.PASSWORD_REQUIRED)
    return mails.filter(pk=pk).first() if pk is not None else None


def _may_reset(user: object, address: str) -> bool:
    return is_password_required(user) and recovers_by(user, address) is not False
