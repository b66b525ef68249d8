"""The address that WorkOS's clients send a browser to, so that it signs out and goes back to the product.

It acts on GET, because that is how they call it. So it ends nothing but the session of the browser that asks, and only
where that is the one that is named: nobody can make up the id of somebody else's, and a browser sends its cookie along
with a link of another site, but not with an image or a form of one (`SameSite=Lax`).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from sessions_ui.api.workos.access import in_workos_shape
from sessions_ui.api.workos.errors import Refused, malformed
from sessions_ui.api.workos.fields import parameter
from sessions_ui.conf import conf
from sessions_ui.models import Session
from sessions_ui.store import store_of
from sessions_ui.web.responses.own_transactions import own_transactions


@own_transactions
@csrf_exempt  # it acts on GET alone: what is posted is refused in the shape that its clients read
@login_not_required
@never_cache
@in_workos_shape
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session `session_id` if it is the one of this browser, and go to `return_to`.

    So it does where that session is over already. Where it lives in another browser, or another person is signed in
    here, nothing ends, and a page says so.
    """
    if request.method != "GET":
        raise Refused(405, "method_not_allowed", "Allowed here: GET.", headers={"Allow": "GET"})
    public_id = parameter(request, "session_id")
    if public_id is None:
        raise malformed("session_id_required", "`session_id` is required.")
    target = target_of(parameter(request, "return_to"))
    session = Session.objects.living().sign_ins().filter(public_id=public_id).only("pk").first()
    if session is None:
        return HttpResponseRedirect(target)
    store = store_of(request)
    if store is None or store.session_id != session.pk:
        context = {"base_template": conf.base_template, "target": target}
        return render(request, "sessions_ui/not_signed_out.html", context, status=403)
    if not is_navigation(request):
        raise Refused(403, "navigation_required", "Open this address in a browser. Scripts cannot use it.")
    logout(request)
    return HttpResponseRedirect(target)


def is_navigation(request: HttpRequest) -> bool:
    """Return whether the browser goes to this address, and shows what comes back by itself: it is neither fetched by a
    script or beforehand, nor put into another page. An old browser says nothing of it (Fetch Metadata)."""
    headers = request.headers
    if "prefetch" in headers.get("Sec-Purpose", "") or headers.get("Purpose") == "prefetch":
        return False
    return (
        headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and headers.get("Sec-Fetch-Dest", "document") == "document"
    )


def target_of(return_to: str | None) -> str:
    """Return where the browser goes afterwards; raise `Refused` for an address that is not in `WORKOS_RETURN_TO`."""
    allowed = conf.workos_return_to
    if return_to is None:
        return allowed[0] if allowed else resolve_url(settings.LOGOUT_REDIRECT_URL or "/")
    if not is_allowed(return_to):
        raise malformed("return_to_not_allowed", "`return_to` is not in WORKOS_RETURN_TO.")
    return return_to


def is_allowed(return_to: str) -> bool:
    """Return whether this is one of the addresses, with any query. Compared as text, so that no two programs can read
    it differently: a backslash, a user name or a control character is in none of them."""
    try:
        parts = urlsplit(return_to)
    except ValueError:
        return False
    address = return_to.partition("?")[0]
    return (
        bool(parts.scheme)
        and "#" not in return_to
        and return_to.isprintable()
        and address in conf.workos_return_to
    )
