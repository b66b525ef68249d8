"""The language in which the site writes to somebody: that of the pages at their sign-up, or at the first sign-in on a
device that vouches for its sign-ins, until they choose another (`preferences.py`). Whoever signs in as somebody else,
once or again, does not choose in which language the mails about it are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.utils import translation

from accounts.models import User
from sessions_ui import known_device


def connect() -> None:
    """Connect before `sessions_ui` does (`accounts` stands first in INSTALLED_APPS): its own receiver makes a new
    device one that the account knows."""
    user_logged_in.connect(remember_language, dispatch_uid="accounts.remember_language")


def language_of(user: User) -> str:
    """Return the language of this user's mails, empty where the site does not know it. For
    `SESSIONS_UI["MAIL_LANGUAGE"]`."""
    return user.language


def asked_for(request: HttpRequest) -> str:
    """Return the language of the pages of this request, empty where it asks for none, as many apps do."""
    if "Accept-Language" not in request.headers and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        return ""
    return translation.get_language() or ""


def remember_language(sender: Any, *, user: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Keep the language of the pages as that of the user's mails, where none is kept and this browser is a device of
    theirs that vouches for its sign-ins."""
    if request is None or user.language or not (language := asked_for(request)):
        return
    if known_device(request, user=user, vouching=True):
        user.language = language
        User.objects.filter(pk=user.pk, language="").update(language=language)


@contextmanager
def writing_to(user: Any) -> Iterator[None]:
    """Use the language of this user; where there is none, or the site does not know it, that of the request goes on."""
    language = "" if user is None else language_of(user)
    if language not in dict(settings.LANGUAGES):
        yield
        return
    with translation.override(language):
        yield
