"""What people read who would change how an account is signed in to while it is being recovered."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from sessions_ui.conf import conf
from sessions_ui.exceptions import AccountFrozen
from sessions_ui.not_me_link import again_token
from sessions_ui.web.responses.navigation import wants_json
from sessions_ui.web.responses.programs import problem


def nothing_is_changed_now(request: HttpRequest, frozen: AccountFrozen) -> HttpResponse:
    """Answer 403 and say what is going on, and who can help: a page, or problem details for a program."""
    if wants_json(request):
        return problem(
            403,
            "account-frozen",
            _("This account is being secured. Until that’s done, nobody can change how to sign in to it."),
        )
    user = getattr(request, "user", None)
    context = {
        "base_template": conf.base_template,
        "until": frozen.until,
        "account": again_token(frozen.account) if frozen.account is not None else "",
        "is_signed_in": bool(user is not None and user.is_authenticated),
        "help_url": conf.help_url,
    }
    return render(request, "sessions_ui/frozen.html", context, status=403)
