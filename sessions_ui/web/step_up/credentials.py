"""Asking for a further proof before somebody changes how they sign in (docs/risk.md, "Who the owner is").

`actions/credentials/guard.py` refuses where a credential is written. Here people are asked beforehand, so that they
fill in no form in vain, and the refusal is put into words. What was refused is not done again by itself: it may hold a
password, which does not wait in a page. After the proof people are where they came from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import urlencode, urlsplit

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.db import connections, router
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from sessions_ui import context
from sessions_ui.actions.credentials.guard import needs_proof
from sessions_ui.actions.recovery.freeze import verify_account_not_frozen
from sessions_ui.actions.step_up.policy import acting_session
from sessions_ui.credentials import CredentialKind
from sessions_ui.models import Session, VerificationCode
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.responses.navigation import (
    is_led_by_headers,
    is_own_page,
    is_page_navigation,
    wants_json,
)
from sessions_ui.web.responses.programs import line_of_text, problem
from sessions_ui.web.responses.redirects import is_on_this_site, safe_next
from sessions_ui.web.step_up.pending import WaitingAct
from sessions_ui.web.step_up.prove import asked_for_proof

ONLY_READ = ("GET", "HEAD")
View = Callable[..., Any]


def settled_required(
    kind: CredentialKind, *, methods: Collection[str] | None = None
) -> Callable[[View], View]:
    """Decorate a view in which people change a credential of this kind: whoever has to prove something first is asked
    before they fill in a form, and led back to it. `methods`: with these only; with all of them if it is left out.

    It spares people a form that is refused; the refusal itself needs no decorator (`sessions_ui.require_settled()`).
    """

    def decorate(view: View) -> View:
        def question(request: HttpRequest) -> HttpResponseBase | None:
            asks = methods is None or request.method in methods
            return ask_beforehand(request, kind) if asks else None

        if iscoroutinefunction(view):

            @wraps(view)
            async def asynchronous(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                return await sync_to_async(question)(request) or await view(request, *args, **kwargs)

            return asynchronous

        @wraps(view)
        def synchronous(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return question(request) or view(request, *args, **kwargs)

        return synchronous

    return decorate


def ask_beforehand(request: HttpRequest, kind: CredentialKind) -> HttpResponse | None:
    """Return None where the acting session may change such a credential, else the response that asks for a proof. A GET
    mails nothing: it has a button for that."""
    now = context.current()
    if now is None or now.user_id is None or context.is_impersonated():
        return None
    session = acting_session()
    if session is None or not needs_proof(session):
        return None
    verify_account_not_frozen(now.user_id)  # then no proof helps
    if request.method not in ONLY_READ:
        return further_proof_needed(request, kind)
    return asked_for_proof(request, session, waiting(request, kind, back=request.get_full_path()), send=False)


def further_proof_needed(request: HttpRequest, kind: CredentialKind) -> HttpResponse:
    """Answer where nothing was changed: a person is led to the question, a program gets 403 with problem details."""
    text = _("Nothing was changed. To change how you sign in, first confirm it’s you.")
    # Inside of a transaction that is broken (a test's, say) nothing can be asked for.
    session = None if is_broken() else acting_session()
    try:
        if session is not None and is_led_by_headers(request):
            return HttpResponseClientRedirect(question_url(request, session, kind))
        if session is not None and is_page_navigation(request):
            return asked_for_proof(
                request, session, waiting(request, kind, back=came_from(request)), status=403
            )
    except NoReverseMatch:  # served by other URLs than those of the site
        pass
    if wants_json(request) or request.content_type == "application/json":
        return problem(403, "further-proof-needed", text)
    return line_of_text(403, text)


def is_broken() -> bool:
    """Return whether the refusal has left a transaction in which the database answers nothing any more."""
    return bool(connections[router.db_for_write(Session)].needs_rollback)


def question_url(request: HttpRequest, session: Session, kind: CredentialKind) -> str:
    act = waiting(request, kind, back=came_from(request)).sign(session.user)
    return f"{reverse('sessions_ui:prove')}?{urlencode({'act': act})}"


def waiting(request: HttpRequest, kind: CredentialKind, *, back: str) -> WaitingAct:
    return act_of_going_on(what_text(kind), VerificationCode.Purpose.CREDENTIAL, back=back)


def act_of_going_on(what: str, purpose: VerificationCode.Purpose, *, back: str) -> WaitingAct:
    """Return the act that goes back to a page of this site."""
    path = "/" + reverse("sessions_ui:go_on").removeprefix(get_script_prefix()).lstrip("/")
    return WaitingAct(path, urlencode({REDIRECT_FIELD_NAME: back}), what, str(purpose))


def came_from(request: HttpRequest) -> str:
    """Return the page with the form that was refused, which may be the one that a confirmation was on the way to."""
    on_the_way = request.GET.get(REDIRECT_FIELD_NAME, "")
    if on_the_way and is_on_this_site(request, on_the_way):
        return on_the_way
    referer = request.headers.get("Referer", "")
    if referer and is_on_this_site(request, referer) and not is_own_page(request):
        parts = urlsplit(referer)
        return parts.path + (f"?{parts.query}" if parts.query else "")
    if request.method in ONLY_READ:  # the way back from a provider, say: what it brings is good for once
        return reverse("sessions_ui:devices")
    return request.get_full_path()


@login_required
@require_POST
def go_on(request: HttpRequest) -> HttpResponseBase:
    """Go back to the page that had to wait (`next`), after the proof."""
    messages.success(
        request, _("Thank you. You’ve confirmed it’s you, so you can continue."), fail_silently=True
    )
    return HttpResponseRedirect(safe_next(request) or reverse("sessions_ui:devices"))


def what_text(kind: CredentialKind) -> str:
    texts = {
        CredentialKind.PASSWORD: _("Change your password"),
        CredentialKind.ADDRESS: _("Change your email addresses"),
        CredentialKind.TOTP: _("Change your authenticator app"),
        CredentialKind.PASSKEY: _("Change your passkeys and security keys"),
        CredentialKind.RECOVERY_CODES: _("See or change your recovery codes"),
        CredentialKind.TOKEN: _("Create or renew an access token"),
        CredentialKind.PROVIDER: _("Change the accounts you sign in with"),
    }
    return texts[kind]
