"""How somebody likes to read this site: light or dark, and in which language.

Both are remembered by the browser, for whoever uses it, signed in or not; the language also by the account, for mails.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.i18n import set_language

from sessions_ui import acts_settled
from sessions_ui.web import account_held

THEME_COOKIE = "theme"
THEMES = ("light", "dark")
AS_THE_SYSTEM = "system"
COOKIE_SECONDS = 365 * 24 * 3600


def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or "as the system" on POST, and come back; a GET changes nothing, and leads to a page."""
    response = HttpResponseRedirect(way_back(request))
    if request.method != "POST":
        return response
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            chosen,
            max_age=COOKIE_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    elif chosen == AS_THE_SYSTEM:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    else:
        messages.error(request, _("That appearance doesn’t exist, so nothing was changed."))
    return response


def theme_of(request: HttpRequest) -> str:
    """Return "light" or "dark"; empty where the system decides, whatever else the cookie says."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def language(request: HttpRequest) -> HttpResponse:
    """Remember the language on POST, and come back; a GET changes nothing, and leads to a page."""
    back = way_back(request)
    if request.method != "POST":
        return HttpResponseRedirect(back)
    code = request.POST.get("language", "")
    if code not in dict(settings.LANGUAGES):
        messages.error(request, _("This site isn’t available in that language, so nothing was changed."))
        return HttpResponseRedirect(back)
    if request.user.is_authenticated:
        with translation.override(code):
            use_for_mails(request, code)
    # Django's view finds a way back of its own, which from a site that is HTTPS only could lead to plain HTTP.
    response = HttpResponseRedirect(back)
    response.cookies = set_language(request).cookies
    return response


@account_held
def use_for_mails(request: HttpRequest, code: str) -> None:
    """Remember the language in which mails are written to whoever is signed in.

    Only from a session that vouches for itself: whoever signs in with a stolen password must not choose a language in
    which the owner cannot read the warning. Support in somebody's account changes nothing of it.
    """
    user: Any = request.user
    now = user.language or settings.LANGUAGE_CODE
    settled = acts_settled(user=user)
    if code == user.language or settled is None:
        return
    if settled:
        get_user_model()._default_manager.filter(pk=user.pk).update(language=code)
    elif code != now:
        spoken = translation.get_language_info(now)["name_translated"]
        messages.info(
            request,
            _("Emails to you stay in %(language)s, because we don’t know yet that this browser is yours.")
            % {"language": spoken},
        )


def way_back(request: HttpRequest) -> str:
    """Return the page on which the choice was made, else the first page of the site."""
    url = request.POST.get("next", "")
    return url if get_adapter(request).is_safe_url(url) else resolve_url(settings.LOGIN_REDIRECT_URL)
