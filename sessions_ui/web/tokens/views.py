"""The pages of somebody's own access tokens. Every view checks the owner, then form, question, action, page.

A value is shown once: on the page to which the form that made it leads, and which no cache keeps. Who comes back there,
or sends the form again, makes nothing and is led to the token's own page, without a value; a form is known by what it
carries.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from sessions_ui.actions.endings.bridged.credentials import end_credentials
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.tokens.create import NewToken, create_token
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.scopes import of_administration
from sessions_ui.bridges.active import bridge_named
from sessions_ui.conf import conf
from sessions_ui.context import require_owner
from sessions_ui.credentials import CredentialKind
from sessions_ui.exceptions import SessionEnded, TokenRefusal, TokenRefused
from sessions_ui.models import AccessToken, EndReason, Event, Session
from sessions_ui.models.locking import locked
from sessions_ui.user_model import has_administration
from sessions_ui.web.administration.gate import ask_staff
from sessions_ui.web.devices.details import EVENTS, Evidence, proof_of
from sessions_ui.web.devices.views import done
from sessions_ui.web.presence.decorators import passive
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.responses.navigation import wants_fragment
from sessions_ui.web.responses.shown_once import forget_value, led_to_value, take_value
from sessions_ui.web.step_up.confirm import ask_again
from sessions_ui.web.step_up.credentials import settled_required, what_text
from sessions_ui.web.step_up.held import account_held
from sessions_ui.web.tokens.forms import RenewForm, TokenForm
from sessions_ui.web.tokens.keys import Key, keys_of, tokens_of
from sessions_ui.wording.events import TOKEN_KINDS


@login_required
@require_safe
def token(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one access token, also one that is over."""
    return token_page(request, own_key(request, public_id))


@passive
@login_required
@require_GET
def token_proof(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the part that fills by itself after an ending. The page polls it, so it is no activity."""
    key = own_key(request, public_id)
    return render(request, "sessions_ui/_token_proof.html", {"key": key, "proof": proof_of_key(key)})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@settled_required(CredentialKind.TOKEN)
def new_token(request: HttpRequest) -> HttpResponseBase:
    """Ask what the token is for on GET; on POST make it, and lead to its value."""
    if request.method != "POST":
        return form_page(request, TokenForm(request.user))
    form = TokenForm(request.user, request.POST)
    if not form.is_valid():
        return form_page(request, form, status=422)
    if question := ask_for_scopes(request, what_text(CredentialKind.TOKEN), form.cleaned_data["scopes"]):
        return question
    return make(request, form)


def ask_for_scopes(request: HttpRequest, what: str, scopes: Iterable[str]) -> HttpResponseBase | None:
    """Return None where a token with these scopes may get a value, else the response that asks people who they are.

    By a token that is about other people they do what they do in the administration otherwise, so they are asked here
    what its gate asks: a program is asked for no second factor later.
    """
    require_owner()  # before the gate, which knows its own pages only
    # First, because what is answered to the gate is posted together with the form, and must not wait with it.
    if has_administration() and of_administration(scopes) and (question := ask_staff(request)):
        return question
    return ask_again(request, what)


@sensitive_variables("made")
@account_held
def make(request: HttpRequest, form: TokenForm) -> HttpResponseBase:
    said = form.cleaned_data
    end: Any = form.end()
    try:
        made = create_token(
            user=request.user,
            name=said["name"],
            scopes=said["scopes"],
            expires_at=end,
            agent=said["agent"],
            public_id=said["once"],
        )
    except TokenRefused as refused:
        if refused.reason is TokenRefusal.MADE_BEFORE:
            return shown_before(request, said["once"])
        form.refuse(refused.reason)
        return form_page(request, form, status=422)
    return to_value(request, made)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@settled_required(CredentialKind.TOKEN)
def renew_token(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Say what follows on GET; on POST give the token a new value, and lead to it."""
    key = own_key(request, public_id)
    if not key.is_living:
        return over(request, key)
    if request.method != "POST":
        return renew_page(request, key, RenewForm(request.user, initial=first_choices(key)))
    form = RenewForm(request.user, request.POST)
    if not form.is_valid():
        return renew_page(request, key, form, status=422)
    what = _("Renew “%(name)s”") % {"name": key.title}
    if question := ask_for_scopes(request, what, key.token.scope_names):
        return question
    return renew(request, key, form)


def first_choices(key: Key) -> dict[str, str]:
    return {"ends": "keep", "hint": key.token.hint}


@sensitive_variables("renewed")
@account_held
def renew(request: HttpRequest, key: Key, form: RenewForm) -> HttpResponseBase:
    # As it is now: the account is held, so of two such forms the second sees what the first has done.
    current = locked(AccessToken.objects.filter(pk=key.token.pk)).first()
    if current is None or current.hint != form.cleaned_data["hint"]:
        return renewed_before(request, key.public_id)
    try:
        renewed = rotate_token(token=key.token, expires_at=form.end())
    except TokenRefused as refused:
        form.refuse(refused.reason)
        return renew_page(request, key, form, status=422)
    except SessionEnded:
        if Session.objects.living().filter(pk=key.token.pk).exists():
            raise  # it was the session that asks
        return over(request, key)
    return to_value(request, renewed)


@never_cache
@login_required
@require_GET
@sensitive_variables("value", "context")
def token_value(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Show the value that was made just now, this once."""
    key = own_key(request, public_id)
    value = take_value(request)
    if value is None:
        return shown_before(request, public_id)
    context = {"base_template": conf.base_template, "key": key, "value": value}
    response = render(request, "sessions_ui/token_value.html", context)
    forget_value(request, response)
    return response


@login_required
@require_POST
def end_token(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """End one access token."""
    key = own_key(request, public_id)
    chosen = Session.objects.of(request.user).filter(pk=key.token.pk)
    if question := ask_again(request, _("End “%(name)s”") % {"name": key.title}, ends=chosen):
        return question
    if end_all(request, [key]):
        text = _("%(name)s has ended. Anything that uses it is refused from now on.") % {"name": key.title}
    else:
        text = _("%(name)s had already ended.") % {"name": key.title}
    if request.POST.get("page") != "device":
        return done(request, text)
    if wants_fragment(request):
        return token_page(request, own_key(request, public_id), status_text=text)
    return _told_on_its_page(request, public_id, text, level=messages.SUCCESS)


@login_required
@require_POST
def end_unused_tokens(request: HttpRequest) -> HttpResponseBase:
    """End all access tokens that the page says nobody has used for long."""
    what = _("End the access tokens that haven’t been used for a while")
    return end_group(request, keys_of(request.user).unused, what)


@login_required
@require_POST
def end_agents(request: HttpRequest) -> HttpResponseBase:
    """End the access tokens of all programs that act for the person."""
    return end_group(request, keys_of(request.user).agents, _("End all assistants and agents"))


@login_required
@require_POST
def end_credential(request: HttpRequest, package: str, credential: str) -> HttpResponseBase:
    """End one credential of another package. Somebody else's is ended by nobody, and looks like one that is over."""
    if bridge_named(package) is None:
        raise Http404("No such package.")
    if question := ask_again(request, _("End an app or key"), bridged=True):
        return question
    ended = end_credentials(user=request.user, package=package, ids=[credential], actor=request.user)
    return done(request, _("The app or key has ended.") if ended else _("The app or key had already ended."))


def end_group(request: HttpRequest, keys: list[Key], what: str) -> HttpResponseBase:
    chosen = Session.objects.of(request.user).filter(pk__in=[key.token.pk for key in keys])
    if question := ask_again(request, what, ends=chosen):
        return question
    count = end_all(request, keys)
    text = ngettext("%(count)d access token has ended.", "%(count)d access tokens have ended.", count)
    return done(request, text % {"count": count})


def end_all(request: HttpRequest, keys: Iterable[Key]) -> int:
    """End these tokens of the person's own; return how many had not ended."""
    receipt = end_sessions(
        sessions=Session.objects.tokens().filter(pk__in=[key.token.pk for key in keys]),
        reason=EndReason.SIGNED_OUT_REMOTELY,
        actor=request.user,
        of_user=request.user.pk,
    )
    return receipt.ended


def own_key(request: HttpRequest, public_id: str) -> Key:
    """Return an access token of the person's own; somebody else's does not exist (404)."""
    found = tokens_of(request.user).filter(session__public_id=public_id).first()
    if found is None:
        raise Http404("No such access token.")
    return Key(found, timezone.now())


def shown_before(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Answer a form that was sent before: the value it made was shown then, and is stored nowhere."""
    text = _(
        "That has already been done. We show the value only once: if you haven’t saved it, renew the "
        "access token."
    )
    return _told_on_its_page(request, public_id, text)


def renewed_before(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Answer a form that was sent before, or was open in one tab while another one renewed the token."""
    text = _(
        "It has already been renewed, and nothing was changed just now. We show its value only once: if you "
        "haven’t saved it, renew it again."
    )
    return _told_on_its_page(request, public_id, text)


def over(request: HttpRequest, key: Key) -> HttpResponseBase:
    text = _("%(name)s had already ended, so it can’t be renewed. Create a new one.") % {"name": key.title}
    return _told_on_its_page(request, key.public_id, text, level=messages.ERROR)


def _told_on_its_page(
    request: HttpRequest, public_id: str, text: str, *, level: int = messages.INFO
) -> HttpResponseBase:
    messages.add_message(request, level, text, fail_silently=True)
    return redirect("sessions_ui:token", public_id=public_id)


def form_page(request: HttpRequest, form: TokenForm, *, status: int = 200) -> HttpResponse:
    context = {"base_template": conf.base_template, "form": form}
    return render(request, "sessions_ui/new_token.html", context, status=status)


def renew_page(request: HttpRequest, key: Key, form: RenewForm, *, status: int = 200) -> HttpResponse:
    context = {
        "base_template": conf.base_template,
        "key": key,
        "form": form,
        "overlap": conf.token_rotation_overlap,
        "until": min(timezone.now() + conf.token_rotation_overlap, key.session.expires_at),
    }
    return render(request, "sessions_ui/renew_token.html", context, status=status)


@sensitive_variables("made")
def to_value(request: HttpRequest, made: NewToken) -> HttpResponseBase:
    """Lead to the page that shows the value once."""
    page = reverse("sessions_ui:token_value", args=[made.token.session.public_id])
    return led_to_value(request, made.value, page=page)


def token_page(request: HttpRequest, key: Key, *, status_text: str = "") -> HttpResponse:
    fragment = wants_fragment(request)
    context = {
        "base_template": conf.base_template,
        "fragment": fragment,
        "key": key,
        "proof": proof_of_key(key),
        "events": history_of(key),
        "status_text": status_text,
    }
    return render(request, "sessions_ui/_token_page.html" if fragment else "sessions_ui/token.html", context)


def history_of(key: Key) -> list[Event]:
    """Return what has been done with the token, the newest first."""
    user_id: Any = key.session.user_id
    events = Event.objects.filter(user_id=user_id, session_id=key.token.pk, kind__in=TOKEN_KINDS)
    return list(events.order_by("-id")[:EVENTS])


def proof_of_key(key: Key) -> Evidence | None:
    return proof_of(key.session) if key.session.ended_at is not None else None
