"""The devices page. Every view checks the owner, then form, action, page; plain forms work, htmx makes them smooth."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST, require_safe

from sessions_ui.actions.endings.end import Receipt, end_sessions
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.models import Device, EndReason, Session
from sessions_ui.web.devices.details import proof_url
from sessions_ui.web.devices.device_page import device_done, is_on_device_page
from sessions_ui.web.devices.forms import unused_choices
from sessions_ui.web.devices.overview.folding import fold
from sessions_ui.web.devices.overview.listing import CARDS, Listing, listing
from sessions_ui.web.devices.overview.rows import cards_of
from sessions_ui.web.devices.overview.view import View
from sessions_ui.web.devices.own import own_device, own_row, own_session
from sessions_ui.web.presence.decorators import passive
from sessions_ui.web.recovery.secure import ways_to_secure
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.responses.navigation import wants_fragment
from sessions_ui.web.responses.refusals import to_sign_in
from sessions_ui.web.step_up.confirm import ask_again
from sessions_ui.web.step_up.prove import vouch


@login_required
@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    return page(request)


@passive
@login_required
@require_GET
def device_list(request: HttpRequest) -> HttpResponse:
    """Show the list alone, for a page that heard that something changed; asking for it is no activity. `since`: when
    the page was made, in seconds since 1970, so that it can say how many devices are new."""
    try:
        since = moments.from_timestamp(float(request.GET.get("since", "")))
    except (ValueError, OverflowError, OSError):
        since = timezone.now()
    return page(request, since=since)


@login_required
@require_POST
def sign_out_device(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """End every sign-in on one device of the user's own."""
    device = own_device(request, public_id)
    sessions = Session.objects.of(request.user).filter(device=device)
    here = own_session(request) in sessions.values_list("pk", flat=True)
    # Signing out here never asks for anything.
    if not here and (
        question := ask_again(request, _("Sign out “%(name)s”") % {"name": device.title}, ends=sessions)
    ):
        return question
    receipt = end_remotely(request, sessions, here=here)
    return ended(request, receipt, name=device.title, here=here, device=device)


@login_required
@require_POST
def sign_out_session(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """End one sign-in of the user's own."""
    session = get_object_or_404(
        Session.objects.of(request.user).sign_ins().select_related("device"), public_id=public_id
    )
    here = session.pk == own_session(request)
    name = str(session.device or Device())
    chosen = Session.objects.filter(pk=session.pk)
    if not here and (question := ask_again(request, _("Sign out “%(name)s”") % {"name": name}, ends=chosen)):
        return question
    receipt = end_remotely(request, chosen, here=here)
    return ended(request, receipt, name=name, here=here)


@login_required
@require_POST
def sign_out_folded(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """End every sign-in of the line that the page shows for a program which signs in again at each call."""
    session = get_object_or_404(
        Session.objects.of(request.user).sign_ins().select_related("device"), public_id=public_id
    )
    name = str(session.device or Device())
    cards = fold(cards_of(request.user, current_id=own_session(request)))
    keys = next(
        ([one.pk for one in card.sessions] for card in cards if card.is_folded and session in card.sessions),
        [],
    )
    chosen = Session.objects.filter(pk__in=keys)
    if question := ask_again(request, _("Sign out “%(name)s”") % {"name": name}, ends=chosen):
        return question
    return ended(request, end_remotely(request, chosen, here=False), name=name, here=False)


@login_required
@require_POST
def sign_out_unused(request: HttpRequest) -> HttpResponseBase:
    """End what the page shows under "Not used for 30 days"."""
    cards = fold(cards_of(request.user, current_id=own_session(request)))
    keys = [session.pk for card in Listing(cards, recently_ended=[]).unused for session in card.sessions]
    unused = Session.objects.filter(pk__in=keys)
    if question := ask_again(
        request, _("Sign out the devices you haven’t used for a long time"), ends=unused
    ):
        return question
    receipt = end_remotely(request, unused, here=False)
    text = ngettext("%(count)d sign-in was ended.", "%(count)d sign-ins were ended.", receipt.ended)
    return done(request, text % {"count": receipt.ended})


@login_required
@require_POST
def mine(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Confirm a sign-in that was flagged ("Yes, it's mine"). On the device itself, or on a young one, it takes a
    further proof."""
    chosen = own_device(request, public_id)
    # Not under the name that whoever is signed in there may have given to it.
    what = _("“%(name)s” is mine") % {"name": chosen.derived_name}
    if question := ask_again(request, what) or vouch(request, what, devices=[chosen]):
        return question
    return done(request, _("Thank you: %(name)s is confirmed as yours.") % {"name": chosen.derived_name})


@login_required
@require_POST
def all_mine(request: HttpRequest) -> HttpResponseBase:
    """Confirm all flagged devices that the page showed when "All of these are mine" was pressed, with one proof: what
    was flagged since is not among them."""
    named = [name for name in request.POST.getlist("device")[:CARDS] if "\0" not in name]
    owner: Any = request.user.pk
    chosen = list(Device.objects.filter(user_id=owner, public_id__in=named))
    if not chosen:
        return done(request, _("Nothing needs a look any more."))
    names = get_text_list([_("“%(name)s”") % {"name": device.derived_name} for device in chosen], _("and"))
    what = ngettext("%(names)s is mine", "%(names)s are mine", len(chosen)) % {"names": names}
    if question := ask_again(request, what) or vouch(request, what, devices=chosen):
        return question
    text = ngettext(
        "Thank you: %(count)d device is confirmed as yours.",
        "Thank you: %(count)d devices are confirmed as yours.",
        len(chosen),
    )
    return done(request, text % {"count": len(chosen)})


def end_remotely(request: HttpRequest, sessions: Any, *, here: bool) -> Receipt:
    reason = EndReason.SIGNED_OUT if here else EndReason.SIGNED_OUT_REMOTELY
    return end_sessions(sessions=sessions, reason=reason, actor=request.user, of_user=request.user.pk)


def ended(
    request: HttpRequest, receipt: Receipt, *, name: str, here: bool, device: Device | None = None
) -> HttpResponseBase:
    """Show what happened, which is not always what was asked for, on the page where it was asked."""
    if here:
        return signed_out_here(request)
    if not receipt:
        text = _("%(name)s was already signed out.") % {"name": name}
        return (
            device_done(request, device, text)
            if device and is_on_device_page(request)
            else done(request, text)
        )
    text = _(
        "%(name)s is signed out. It has to sign in again; what’s on its screen may stay there until then."
    )
    text %= {"name": name}
    if device is not None and is_on_device_page(request):
        return device_done(request, device, text)
    return done(request, text, proof=receipt)


def signed_out_here(request: HttpRequest) -> HttpResponseBase:
    logout(request)
    return to_sign_in(request, None)


def done(request: HttpRequest, text: str, *, proof: Receipt | None = None) -> HttpResponseBase:
    """Show the same part of the page again after an act: as a fragment for htmx, by way of a redirect for a plain form.
    `proof`: what an act has ended, of which the text links to the proof."""
    if proof is not None:
        text = with_proof(request, text, proof)
    if wants_fragment(request):
        return page(request, status_text=text)
    messages.success(request, text, fail_silently=True)
    place = View.of(request).query
    return HttpResponseRedirect(reverse("sessions_ui:devices") + (f"?{place}" if place else ""))


def with_proof(request: HttpRequest, text: str, receipt: Receipt) -> str:
    """Return the text with a link to the page that proves the end of what was ended last; without one where that was on
    no device."""
    last = (
        Session.objects.of(request.user)
        .filter(act=receipt.act, device__isnull=False)
        .select_related("device")
    )
    session = last.order_by("-last_seen_at", "-pk").first()
    if session is None:
        return text
    return format_html('{} <a href="{}">{}</a>', text, proof_url(session), _("See the proof"))


def page(
    request: HttpRequest,
    *,
    status_text: str = "",
    error: str = "",
    status: int = 200,
    since: datetime | None = None,
) -> HttpResponse:
    """Show the page, or only its list where htmx or the page's script asks (`since`)."""
    fragment = since is not None or wants_fragment(request)
    found = listing(request.user, current=own_row(request), view=View.of(request))
    new = sum(card.is_newer_than(since) for card in found.cards) if since is not None else 0
    context = {
        "base_template": conf.base_template,
        "fragment": fragment,
        "listing": found,
        "secure": ways_to_secure(request.user),
        "status_text": status_text,
        "error": error,
        "history_days": conf.history_age.days,
        "unused_days": conf.unused_after.days,
        "unused_choices": unused_choices(request.user),
        "new": new,
        "news": news(new),
    }
    template = "sessions_ui/_devices.html" if fragment else "sessions_ui/devices.html"
    return render(request, template, context, status=status)


def news(new: int) -> str:
    """Return what the page says when something has changed while somebody looked at it."""
    if not new:
        return _("Something has changed.")
    text = ngettext("%(count)s new device signed in.", "%(count)s new devices signed in.", new)
    return text % {"count": new}
