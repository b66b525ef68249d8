"""What only the demo shows: the mails that a real site would have sent, and its agents' authenticator app."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.demo.address import read_address
from config.demo.factor import current_code
from config.demo.mailbox import find, mails


@require_safe
@never_cache
def mail_list(request: HttpRequest) -> HttpResponse:
    return render(request, "demo/mail_list.html", {"mails": mails(settings.DEMO_MAIL_DIR)})


@require_safe
@never_cache
def mail_message(request: HttpRequest, name: str) -> HttpResponse:
    mail = find(settings.DEMO_MAIL_DIR, name)
    if mail is None:
        raise Http404("No such mail.")
    return render(request, "demo/mail_message.html", {"mail": mail})


@require_safe
@never_cache
def demo_id(request: HttpRequest) -> HttpResponse:
    """Say which start of which demo this is, to `make demo-devices`."""
    address = read_address(settings.VAR_DIR)
    if address is None:
        raise Http404("This is not `make run`.")
    return HttpResponse(address.id, content_type="text/plain")


@require_safe
@never_cache
def code(request: HttpRequest) -> HttpResponse:
    response = render(request, "demo/code.html", {"code": current_code()})
    response.headers["Refresh"] = "5"
    return response
