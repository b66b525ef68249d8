"""Have the link to the steps of a recovery mailed again: by whoever has only an old link, or a password reset of the
host's own, which changes nothing now.

It goes to the address that the recovery belongs to, whoever presses the button, once a minute and five times an hour at
most.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from sessions_ui.actions.recovery.open import mail_link_again
from sessions_ui.conf import conf
from sessions_ui.models.primary import all_users
from sessions_ui.not_me_link import read_again_token

PAGE_AGE = timedelta(hours=1)  # of the page with the button


@login_not_required
@never_cache
@require_POST
def again(request: HttpRequest) -> HttpResponseBase:
    """Mail the link to the recovery that the page was about. 410 where there is none (any more)."""
    pk = read_again_token(request.POST.get("account", ""), age=PAGE_AGE)
    user = all_users().filter(pk=pk).first() if pk is not None else None
    mailed = mail_link_again(user=user) if user is not None else None
    context = {
        "base_template": conf.base_template,
        "help_url": conf.help_url,
        "is_mailed": mailed is True,
        "was_mailed_lately": mailed is False,
    }
    return render(request, "sessions_ui/recovery_again.html", context, status=410 if mailed is None else 200)
