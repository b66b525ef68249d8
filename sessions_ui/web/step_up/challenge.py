"""A sign-in that waits for a further proof: it looked suspicious, or one device has to go first.

Until then nobody is signed in: what waits lies in an anonymous session, as between a password and a second factor, so
that no page, API or socket can be reached with it. It dies with any ending of the account's sessions (`pending.py`).
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY, get_user_model, login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from sessions_ui.actions.devices.confirm import confirm_device
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sign_in.alert import alert
from sessions_ui.actions.sign_in.pending import begun_key, verify_waiting
from sessions_ui.actions.sign_in.provider import PROVIDER_KEY
from sessions_ui.actions.step_up.codes import (
    can_give_code,
    check_code,
    code_under_way,
    is_code_held_up,
    send_code,
)
from sessions_ui.actions.step_up.policy import Shown
from sessions_ui.actions.trusted_addresses import trusted_addresses
from sessions_ui.conf import conf
from sessions_ui.database.transactions import in_transaction
from sessions_ui.exceptions import ProofRefusal, ProofRefused, SignInChallenged
from sessions_ui.models import Device, EndReason, Event, Session, VerificationCode
from sessions_ui.models.primary import all_users
from sessions_ui.risk import Verdict
from sessions_ui.session_user import AUTH_KEYS
from sessions_ui.store import store_of
from sessions_ui.web.responses.navigation import is_led_by_headers, is_page_navigation, led_to
from sessions_ui.web.responses.programs import not_signed_in
from sessions_ui.web.responses.redirects import safe_next, sign_in_url
from sessions_ui.web.responses.words import words
from sessions_ui.web.step_up.prove import JUST_SENT, CodeForm, refusal_text, says_just_sent, wrong_text
from sessions_ui.wording.credentials import masked

WAITING_KEY = "_sessions_ui_waiting"
WAITING_SECONDS = 900
PURPOSE = VerificationCode.Purpose.SIGN_IN


def begin_challenge(request: HttpRequest, challenged: SignInChallenged) -> HttpResponseBase:
    """Take back what Django's `login()` wrote into the session, store who is waiting, and mail a code."""
    kept = dict(request.session.items())
    user = user_of(kept[SESSION_KEY])
    identity = None if user is None else request.session.mark_of(user, PROVIDER_KEY)  # type: ignore[attr-defined]
    waiting = {
        "user": kept[SESSION_KEY],
        "backend": kept[BACKEND_SESSION_KEY],
        "reason": str(challenged.reason),
        "at": time.time(),
        # The state of the account when it was judged: whatever is decided from then on ends what waits here.
        "begun": challenged.begun,
        "proven": bool(getattr(request, "sessions_ui_proven", False)),
        "next": safe_next(request) or kept.get(WAITING_KEY, {}).get("next", ""),
    }
    request.session.flush()
    for name, value in kept.items():
        if name not in (*AUTH_KEYS, WAITING_KEY):
            request.session[name] = value
    request.session[WAITING_KEY] = waiting
    request.session.set_expiry(0)  # a sign-in that had to wait is not remembered
    if identity is not None:
        request.session[PROVIDER_KEY] = identity
    request.session.save()
    if user is not None and isinstance(challenged.verdict, Verdict):
        in_transaction(
            partial(
                alert,
                kind=Event.Kind.CHALLENGED,
                user=user,
                session=None,
                client=client_of(request.META),
                verdict=challenged.verdict,
                tell=True,
            )
        )
    url = reverse("sessions_ui:challenge")
    if is_led_by_headers(request) or is_page_navigation(request):
        return led_to(request, url)
    return not_signed_in(
        request, "further-proof-needed", _("One more step is needed before you’re signed in.")
    )


@login_not_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def challenge(request: HttpRequest) -> HttpResponseBase:
    """Show the question on GET, and mail a code unless one is under way; on POST check the answer and sign in."""
    waiting = waiting_of(request)
    user = user_of(waiting["user"]) if waiting else None
    store = store_of(request)
    session_id = store.session_id if store is not None else None
    if waiting is None or user is None or session_id is None:
        return redirect(resolve_url(sign_in_url(request)))
    if request.method != "POST":
        return asked(request, waiting, user, session_id)
    if not waiting["proven"]:
        if "again" in request.POST:
            return asked(request, waiting, user, session_id, again=True)
        form = CodeForm(request.POST)
        if not form.is_valid():
            return asked(request, waiting, user, session_id, form=form, status=422)
        try:
            check_code(user=user, session_id=session_id, purpose=PURPOSE, code=form.cleaned_data["code"])
        except ProofRefused as refused:
            under_way = code_under_way(user=user, session_id=session_id, purpose=PURPOSE)
            form.add_error("code", wrong_text(refused.reason, under_way))
            return asked(request, waiting, user, session_id, form=form, status=422)
        waiting["proven"] = True
        request.session[WAITING_KEY] = waiting
    if waiting["reason"] == EndReason.SESSION_LIMIT:
        public_id = request.POST.get("device", "")
        if public_id not in [device.public_id for device in devices_of(user)]:
            error = _("Choose the device to sign out.")
            return asked(request, waiting, user, session_id, error=error, status=422)
        in_transaction(partial(give_way, user, public_id, waiting["begun"]))
    return go_on(request, waiting, user)


def give_way(user: Any, public_id: str, begun: dict[str, Any]) -> None:
    """End what is signed in on the chosen device; `SignInRefused` where this sign-in itself is over. The reason of the
    ending is one that leaves this sign-in alone (`HARMLESS`)."""
    verify_waiting(begun, user)
    chosen = living_browsers(user).filter(device__public_id=public_id)
    end_sessions(sessions=chosen, reason=EndReason.SESSION_LIMIT, actor=user)


def go_on(request: HttpRequest, waiting: dict[str, Any], user: Any) -> HttpResponseBase:
    """Sign in, with all that a sign-in checks: `SignInChallenged` again where there is still no room."""
    request.sessions_ui_proven = True  # type: ignore[attr-defined]
    request.session[begun_key(user)] = waiting["begun"]
    login(request, user, backend=waiting["backend"])
    request.session.pop(WAITING_KEY, None)
    row = request.session.row  # type: ignore[attr-defined]
    if row is not None and row.device is not None:
        confirm_device(device=row.device, actor=user, proof=Shown.MAILED_CODE)
    return redirect(waiting["next"] or resolve_url(settings.LOGIN_REDIRECT_URL))


def asked(
    request: HttpRequest,
    waiting: dict[str, Any],
    user: Any,
    session_id: int,
    *,
    form: CodeForm | None = None,
    error: str = "",
    again: bool = False,
    status: int = 200,
) -> HttpResponse:
    addresses: list[str] = []
    by_code = not waiting["proven"] and can_give_code(user=user, session_id=session_id, purpose=PURPOSE)
    if by_code and (form is None or not form.is_bound):
        try:
            sent = send_code(user=user, session_id=session_id, purpose=PURPOSE, again=again)
            addresses = [masked(address) for address in sent]
        except ProofRefused as refused:
            error, status = (
                refusal_text(refused.reason),
                429 if refused.reason is ProofRefusal.TOO_MANY else 422,
            )
    if again and not error:
        # "Back" comes to no form that would be sent once more.
        mark = 1 if addresses else 0
        return HttpResponseRedirect(f"{reverse('sessions_ui:challenge')}?{JUST_SENT}={mark}")
    under_way = code_under_way(user=user, session_id=session_id, purpose=PURPOSE) if by_code else None
    if under_way is not None and says_just_sent(request, under_way):
        addresses = [masked(address) for address in trusted_addresses(user)]
    full = waiting["reason"] == EndReason.SESSION_LIMIT
    context = {
        "base_template": conf.base_template,
        "form": (form or CodeForm()) if by_code else None,
        "can_go_on": by_code or waiting["proven"],
        "addresses": addresses,
        "under_way": under_way,
        "held_up": under_way is not None and is_code_held_up(user),
        "minutes": int(conf.proof_age.total_seconds() // 60),
        "error": error,
        "full": full,
        "full_words": words(EndReason.SESSION_LIMIT),
        "devices": devices_of(user) if full else [],
        "help_url": conf.help_url,
        "sign_in_url": resolve_url(sign_in_url(request)),
    }
    return render(request, "sessions_ui/challenge.html", context, status=status)


def waiting_of(request: HttpRequest) -> dict[str, Any] | None:
    waiting = request.session.get(WAITING_KEY)
    return waiting if waiting and time.time() < waiting["at"] + WAITING_SECONDS else None


def user_of(key: str) -> Any:
    """Return the user with this key; None where the account is gone."""
    return all_users().filter(pk=get_user_model()._meta.pk.to_python(key)).first()


def living_browsers(user: Any) -> Any:
    return Session.objects.of(user).living().filter(kind=Session.Kind.BROWSER)


def devices_of(user: Any) -> list[Device]:
    """Return the devices to choose from. They are shown by name only, to somebody who has shown no more than the
    password."""
    return list(Device.objects.filter(sessions__in=living_browsers(user)).distinct().order_by("pk"))
