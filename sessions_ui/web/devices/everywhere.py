"""Signing out of everything at once: everywhere else, or everywhere. The latter says beforehand what it ends, and
afterwards what it has ended, on a page for which nobody has to be signed in."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.models import EndReason, Session
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.web.devices.overview.folding import fold
from sessions_ui.web.devices.overview.rows import group, signed_in
from sessions_ui.web.devices.own import own_session
from sessions_ui.web.devices.views import done
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.responses.navigation import led_to, wants_fragment, wants_json
from sessions_ui.web.responses.refusals import say_why, to_sign_in
from sessions_ui.web.step_up.confirm import ask_again
from sessions_ui.web.tokens.keys import tokens_ended_by, valid_tokens
from sessions_ui.wording.tokens import ended_count

SALT = "sessions_ui.signed_out_everywhere"
# So long the page says what it did; the address may stand in a browser's history for much longer.
SECONDS = 600


@login_required
@require_POST
def sign_out_others(request: HttpRequest) -> HttpResponseBase:
    """End every sign-in but this one; with `tokens` the access tokens, too."""
    if question := ask_for_all(request, _("Sign out everywhere else")):
        return question
    receipt = end_user_sessions(
        user=request.user,
        reason=EndReason.SIGNED_OUT_EVERYWHERE,
        actor=request.user,
        keep=own_session(request),
        tokens=has_tokens_ticked(request),
    )
    tokens = tokens_ended_by(receipt, request.user)
    if not receipt and not tokens:
        return done(request, _("Nothing else was signed in."))
    if tokens:
        sign_ins = receipt.ended + receipt.bridged - tokens
        text = _("Ended elsewhere: %(what)s.") % {"what": ended_count(sign_ins, tokens)}
        return done(request, text, proof=receipt)
    text = ngettext(
        "%(count)d sign-in elsewhere was ended.", "%(count)d sign-ins elsewhere were ended.", receipt.ended
    )
    return done(request, text % {"count": receipt.ended}, proof=receipt)


@login_required
@require_safe
def everywhere(request: HttpRequest) -> HttpResponse:
    """Show what "Sign out everywhere" ends, before anything is done: in the page's dialog for htmx, else on a page of
    its own."""
    sessions = signed_in(request.user)
    context = {
        "base_template": conf.base_template,
        "sign_ins": len(sessions),
        "devices": len(fold(group(sessions, current_id=own_session(request)))),
        "tokens": valid_tokens(request.user),
    }
    template = "_sign_out_all" if wants_fragment(request) else "sign_out_all"
    return render(request, f"sessions_ui/{template}.html", context)


@login_required
@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponseBase:
    """End every sign-in, this one included; with `tokens` the access tokens, too."""
    if question := ask_for_all(request, _("Sign out everywhere")):
        return question
    user = request.user
    receipt = end_user_sessions(
        user=user,
        reason=EndReason.SIGNED_OUT_EVERYWHERE,
        actor=user,
        tokens=has_tokens_ticked(request),
    )
    tokens = tokens_ended_by(receipt, user)
    result = Ended(receipt.ended + receipt.bridged - tokens, tokens, moments.to_timestamp(timezone.now()))
    logout(request)
    return to_sign_in(request, None) if wants_json(request) else to_result(request, result)


@dataclass(frozen=True, slots=True)
class Ended:
    """What "Sign out everywhere" has ended, and when. It says of nobody whose it was: whoever has the screen next may
    read it."""

    sign_ins: int
    tokens: int
    at: int  # seconds since 1970

    @property
    def what(self) -> str:
        return ended_count(self.sign_ins, self.tokens)

    @property
    def moment(self) -> Any:
        return moments.from_timestamp(self.at)

    @classmethod
    def read(cls, signed: str) -> Ended | None:
        """Return what was signed; None for what is too old, or was not signed here."""
        try:
            return cls(**signing.loads(signed, salt=SALT, max_age=SECONDS))
        except (signing.BadSignature, TypeError, ValueError):
            return None


def to_result(request: HttpRequest, result: Ended) -> HttpResponseBase:
    address = reverse("sessions_ui:signed_out_everywhere", args=[signing.dumps(asdict(result), salt=SALT)])
    response = led_to(request, address)
    say_why(request, response, None)
    return response


@login_not_required
@never_cache
@require_safe
def signed_out_everywhere(request: HttpRequest, result: str) -> HttpResponse:
    """Say what has just been ended; later only that it was done."""
    context = {
        "base_template": conf.base_template,
        "ended": Ended.read(result),
        "sign_in_url": resolve_url(settings.LOGIN_URL),
    }
    return render(request, "sessions_ui/signed_out_everywhere.html", context)


def has_tokens_ticked(request: HttpRequest) -> bool:
    """Return whether "Also end my access tokens" was ticked."""
    return "tokens" in request.POST


def ask_for_all(request: HttpRequest, what: str) -> HttpResponse | None:
    """Ask as an end of everything does; what other packages let in ends with the access tokens."""
    return ask_again(request, what, ends=what_ends(request), bridged=has_tokens_ticked(request))


def what_ends(request: HttpRequest) -> SessionQuerySet:
    """Return what an end of everything ends: the access tokens only where that was ticked."""
    sessions = Session.objects.of(request.user)
    return sessions if has_tokens_ticked(request) else sessions.sign_ins()
