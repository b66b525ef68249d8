"""Signing in with a passkey: allauth's views, without a session for everybody who asks how.

allauth keeps the challenge in the session, so each GET of the sign-in by passkey would write a row that stays for
SESSION_COOKIE_AGE. Here it is in a signed cookie for the minutes that the question takes, and counts once. An
app has no cookie: it gets the key of such a session, and that is over after these minutes.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.headless.mfa.views import LoginWebAuthnView as AppLoginWebAuthnView
from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

SALT = "accounts.passkeys"
EXPIRY = "_session_expiry"  # Django's, of `set_expiry()`
AGE = timedelta(minutes=5)  # what browsers give people to find their key


def cookie_name() -> str:
    return "__Host-passkey" if settings.SESSION_COOKIE_SECURE else "passkey"


class PasskeySignIn(LoginWebAuthnView):
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask the browser for a passkey; what has to be answered goes into a cookie, not into a session."""
        response: HttpResponse = super().get(request, *args, **kwargs)
        challenge = request.session.pop(STATE_SESSION_KEY, None)
        if challenge is not None:
            response.set_cookie(
                cookie_name(),
                signing.dumps(challenge, salt=SALT),
                max_age=int(AGE.total_seconds()),
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Strict",
            )
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the answer. Whatever it was, this question is over."""
        challenge = challenge_of(request)
        if challenge is not None:
            request.session[STATE_SESSION_KEY] = challenge
        response: HttpResponse = super().post(request, *args, **kwargs)
        if STATE_SESSION_KEY in request.session:  # the answer was wrong: nothing is left of it
            del request.session[STATE_SESSION_KEY]
        response.delete_cookie(cookie_name(), samesite="Strict")
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in, unless somebody has answered this very question before: the cookie alone could be sent again."""
        answered = sha256(self.request.COOKIES[cookie_name()].encode()).hexdigest()
        if not cache.add(f"accounts.passkeys.{answered}", 1, AGE.total_seconds()):
            form.add_error("credential", get_adapter().validation_error("incorrect_code"))
            return self.form_invalid(form)
        return super().form_valid(form)


class AppPasskeySignIn(AppLoginWebAuthnView):
    """The same for apps, in allauth's headless API."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().get(request, *args, **kwargs)
        request.session.set_expiry(int(AGE.total_seconds()))
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the answer, in a session that lasts as long as any other from then on; else as long as before."""
        expiry = request.session.pop(EXPIRY, None)
        response: HttpResponse = super().post(request, *args, **kwargs)
        if expiry is not None and not request.user.is_authenticated:
            request.session[EXPIRY] = expiry
        return response


def challenge_of(request: HttpRequest) -> dict[str, Any] | None:
    """Return the question that this browser was asked; None where it is forged, too old or was never asked."""
    try:
        challenge: dict[str, Any] = signing.loads(
            request.COOKIES.get(cookie_name(), ""), salt=SALT, max_age=AGE
        )
    except signing.BadSignature:
        return None
    return challenge
