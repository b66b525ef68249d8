"""The way from the sign-in page to the password reset, with the address that was typed.

It works without a script, and the address gets into no log: the form of the sign-in page is posted here, and what was
typed as the address waits in a cookie of a minute that goes to the page of the reset only. Nothing of the password is
looked at.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

AGE = timedelta(minutes=1)
LONGEST = 254  # characters of an address
SALT = "accounts.forgot_password"


@login_not_required
@sensitive_post_parameters("login", "password")
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_password(request: HttpRequest) -> HttpResponseRedirect:
    """Lead to the page that asks for a reset. It does nothing else: whoever opens the address is led there, too."""
    response = HttpResponseRedirect(reverse("account_reset_password"))
    address = request.POST.get("login", "").strip()
    if address and len(address) <= LONGEST:
        response.set_cookie(
            cookie_name(),
            signing.dumps(address, salt=SALT),
            max_age=int(AGE.total_seconds()),
            path=response.url,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Strict",
        )
    return response


def typed_address(request: HttpRequest) -> str:
    """Return what was typed on the sign-in page a moment ago; empty where nothing was."""
    try:
        return str(signing.loads(request.COOKIES.get(cookie_name(), ""), salt=SALT, max_age=AGE))
    except (signing.BadSignature, ValueError):
        return ""


def cookie_name() -> str:
    """Return the name in the browser. No `__Host-`, because the cookie has a path of its own."""
    return f"{'__Secure-' if settings.SESSION_COOKIE_SECURE else ''}typed-address"
