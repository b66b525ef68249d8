"""The page of one device, and what its owner can say about it. Every view checks the owner, then form, action, page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from sessions_ui.actions.devices.lost import mark_found, mark_lost
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.actions.trusted_addresses import told_addresses
from sessions_ui.conf import conf
from sessions_ui.models import Device, Session
from sessions_ui.web.devices.details import Details, details
from sessions_ui.web.devices.own import own_device, own_session
from sessions_ui.web.presence.decorators import passive
from sessions_ui.web.recovery.entrance import forget_link
from sessions_ui.web.recovery.secure import ways_to_secure
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.responses.navigation import led_to, wants_fragment
from sessions_ui.web.step_up.confirm import ask_again
from sessions_ui.web.step_up.prove import ask_for_more, ask_to_distrust, ask_unless_settled
from sessions_ui.web.tokens.keys import tokens_ended_by, valid_tokens
from sessions_ui.wording.tokens import ended_tokens_text

SITUATIONS = ("lost", "not_mine", "unused")


@login_required
@require_safe
def device(request: HttpRequest, public_id: str) -> HttpResponse:
    return device_page(request, own_device(request, public_id))


@passive
@login_required
@require_GET
def proof(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the part that fills by itself after a sign-out. The page polls it, so it is no activity."""
    return render(
        request,
        "sessions_ui/_proof.html",
        {"details": found_details(request, own_device(request, public_id))},
    )


@login_required
@require_safe
def situation(request: HttpRequest, public_id: str, name: str) -> HttpResponseBase:
    """Show what follows from "I lost it", "I don't recognise it" or "I no longer use it", before anything is done: in
    the page's dialog for htmx, else on a page of its own."""
    chosen = own_device(request, public_id)
    shown = found_details(request, chosen)
    if name == "unused" and not shown.living:
        return device_done(request, chosen, _("%(name)s was already signed out.") % {"name": chosen.title})
    fragment = wants_fragment(request)
    context = {
        "base_template": conf.base_template,
        "details": shown,
        "situation": name,
        "if_it_returns": if_it_returns(request.user) if name == "lost" else "",
        "tokens": valid_tokens(request.user),
    }
    template = "sessions_ui/_situation.html" if fragment else "sessions_ui/situation.html"
    return render(request, template, context)


@login_required
@require_POST
def lost(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Mark the device as lost: every sign-in there ends, and its return will be noticed."""
    chosen = own_device(request, public_id)
    if is_in_hand(request, chosen):
        return device_done(request, chosen, error=_("This is the device you’re using now, so it isn’t lost."))
    what = _("“%(name)s” is lost: sign it out") % {"name": chosen.title}
    on_device = Session.objects.of(request.user).filter(device=chosen)
    # Whoever says so takes from the device that it vouches for its owner, also where nothing is signed in there now.
    if question := ask_again(request, what, ends=on_device) or ask_to_distrust(request, what, device=chosen):
        return question
    mark_lost(device=chosen, actor=request.user)
    text = _("%(name)s is signed out and marked as lost.") % {"name": chosen.title}
    return device_done(request, chosen, f"{text} {if_it_returns(request.user)}")


def if_it_returns(user: Any) -> str:
    """Return how somebody hears of a lost device that signs in again: nobody can mail to an account without address."""
    if told_addresses(user):
        return _("If it comes back, we’ll tell you.")
    return _("If it comes back, your devices page flags it.")


@login_required
@require_POST
def found(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Mark the device as found, after a further proof: the device and the password must not be enough to say so."""
    chosen = own_device(request, public_id)
    what = _("“%(name)s” was found again") % {"name": chosen.title}
    if question := ask_again(request, what) or ask_for_more(request, what):
        return question
    mark_found(device=chosen, actor=request.user)
    if Session.objects.of(request.user).living().sign_ins().filter(device=chosen).exists():
        text = _("%(name)s is no longer marked as lost. It’s signed in: if you don’t have it, sign it out.")
    else:
        text = _("%(name)s is no longer marked as lost. It has to sign in again.")
    return device_done(request, chosen, text % {"name": chosen.title})


@login_required
@require_POST
def not_mine(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Report that somebody else was in the account: everything but this session ends, and its recovery begins."""
    chosen = own_device(request, public_id)
    if is_in_hand(request, chosen):
        return device_done(request, chosen, error=_("This is the device you’re using right now."))
    what = _("“%(name)s” isn’t mine: sign out everywhere else") % {"name": chosen.title}
    if question := ask_again(request, what) or ask_unless_settled(request, what):
        return question
    last = Session.objects.of(request.user).filter(device=chosen).order_by("-signed_in_at", "-id").first()
    tokens = 0
    if last is not None:
        receipt = report_not_me(session=last, actor=request.user, everywhere=True)
        tokens = tokens_ended_by(receipt, request.user)
    text = _("%(name)s is signed out, and so is everything else except this device.") % {"name": chosen.title}
    if tokens:
        text = f"{text} {ended_tokens_text(tokens)}"
    messages.success(request, text, fail_silently=True)
    response = led_to(request, reverse("sessions_ui:recovery"))
    forget_link(response)
    return response


def found_details(request: HttpRequest, chosen: Device) -> Details:
    """Return what the page shows, with the proof of the end that its address names (`sign_in`)."""
    asked_for = request.GET.get("sign_in", "")[:64].replace("\0", "")
    return details(chosen, request.user, current_id=own_session(request), sign_in=asked_for)


def is_on_device_page(request: HttpRequest) -> bool:
    """Return whether the act began on the page of the device, which says so."""
    return (request.POST or request.GET).get("page") == "device"


def is_in_hand(request: HttpRequest, chosen: Device) -> bool:
    return Session.objects.of(request.user).filter(pk=own_session(request) or 0, device=chosen).exists()


def device_done(request: HttpRequest, chosen: Device, text: str = "", *, error: str = "") -> HttpResponseBase:
    """Show the same page again after an act: as a fragment for htmx, by way of a redirect for a plain form."""
    if wants_fragment(request):
        return device_page(request, chosen, status_text=text, error=error, status=422 if error else 200)
    level = messages.ERROR if error else messages.SUCCESS
    messages.add_message(request, level, error or text, fail_silently=True)
    return redirect("sessions_ui:device", public_id=chosen.public_id)


def device_page(
    request: HttpRequest, chosen: Device, *, status_text: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    fragment = wants_fragment(request)
    context: dict[str, Any] = {
        "base_template": conf.base_template,
        "fragment": fragment,
        "details": found_details(request, chosen),
        "secure": ways_to_secure(request.user, after_not_me=chosen.not_me_at is not None),
        "status_text": status_text,
        "error": error,
    }
    template = "sessions_ui/_device.html" if fragment else "sessions_ui/device.html"
    return render(request, template, context, status=status)
