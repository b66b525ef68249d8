"""Addresses that other programs know: where a password is changed, and whom to tell of a hole.

The first is asked for by password managers (https://w3c.github.io/webappsec-change-password-url/), the second by who
has found something (RFC 9116).
"""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.mail.links import site_url


@login_not_required
@require_safe
def change_password(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect to the page that changes the password; who is not signed in signs in first."""
    return HttpResponseRedirect(reverse("account_change_password"))


@login_not_required
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Return whom to tell of a hole; 404 where the operator has named nobody."""
    if not settings.SECURITY_CONTACTS:
        raise Http404
    return HttpResponse("\n".join([*fields(), ""]), content_type="text/plain; charset=utf-8")


def fields() -> list[str]:
    """Return the lines of the file. RFC 9116 wants a contact and an expiry, of which the operator is reminded by
    renewing it."""
    expires = datetime.combine(settings.SECURITY_EXPIRES, time.min, UTC)
    lines = [f"Contact: {contact}" for contact in settings.SECURITY_CONTACTS]
    lines += [f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}"]
    lines += [f"Preferred-Languages: {', '.join(code for code, _name in settings.LANGUAGES)}"]
    if site_url():
        lines += [f"Canonical: {site_url()}{reverse('security_txt')}"]
    return lines


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead to the icon. Browsers ask for it by themselves where a page names none, as files and answers of the API."""
    return redirect(static("icon.svg"))
