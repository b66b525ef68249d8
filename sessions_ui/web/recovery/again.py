"""Have the link to the steps of a recovery mailed again: by whoever has only an old link, or a password reset of the
host's own, which changes nothing now.

It goes to the address that the recovery belongs to, whoever presses the button, once a minute and five times an hour at
most.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from sessions_ui.actions.recovery.open import mail_link_again
from sessions_ui.conf import conf
from sessions_ui.models.primary import all_users
from sessions_ui.not_me_link import read_again_token

PAGE_AGE = timedelta(hours=1)  # of the page with the button
LATELY = "lately"  # in the address: the last mail is not old, so no other one was sent


@login_not_required
@never_cache
@require_POST
def again(request: HttpRequest) -> HttpResponseBase:
    """Mail the link to the recovery that the page was about, and lead to what became of it. 410 where there is none
    (any more)."""
    pk = read_again_token(request.POST.get("account", ""), age=PAGE_AGE)
    user = all_users().filter(pk=pk).first() if pk is not None else None
    is_mailed = mail_link_again(user=user) if user is not None else None
    if is_mailed is None:
        return page(request, status=410)
    return HttpResponseRedirect(reverse("sessions_ui:recovery_mailed") + ("" if is_mailed else f"?{LATELY}"))


@login_not_required
@never_cache
@require_safe
def mailed(request: HttpRequest) -> HttpResponse:
    """Say whether the link was mailed. It says so to whoever asks, and nothing of any account."""
    is_lately = LATELY in request.GET
    return page(request, is_mailed=not is_lately, was_mailed_lately=is_lately)


def page(
    request: HttpRequest, *, is_mailed: bool = False, was_mailed_lately: bool = False, status: int = 200
) -> HttpResponse:
    context = {
        "base_template": conf.base_template,
        "help_url": conf.help_url,
        "is_mailed": is_mailed,
        "was_mailed_lately": was_mailed_lately,
    }
    return render(request, "sessions_ui/recovery_again.html", context, status=status)
