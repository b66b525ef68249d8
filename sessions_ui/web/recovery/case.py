"""The page on which people get their account back, step by step.

It is reached by the link in the mail, signed out, and by whoever is signed in to the account. Every step is a plain
form.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from sessions_ui.actions.help_desk.find_user import address_of
from sessions_ui.actions.recovery.added import added_since
from sessions_ui.actions.recovery.steps import choose_password, remove_added
from sessions_ui.conf import conf
from sessions_ui.exceptions import RecoveryClosed
from sessions_ui.models import Act, EndReason, Event, Recovery, Session
from sessions_ui.password_validation import NotTheVoidPassword
from sessions_ui.user_model import is_active
from sessions_ui.web.recovery.entrance import Entered, entered
from sessions_ui.web.responses.login_required import login_required
from sessions_ui.web.step_up.confirm import ask_again
from sessions_ui.web.step_up.prove import ask_unless_settled
from sessions_ui.wording.credentials import masked


@login_not_required
@never_cache
@require_safe
def recovery(request: HttpRequest) -> HttpResponseBase:
    found = entered(request)
    return gone(request) if found is None else page(request, found)


@login_required
@never_cache
@require_POST
def vouch_here(request: HttpRequest) -> HttpResponseBase:
    """Ask a session who it is, and for a further proof; then the steps can be done."""
    what = _("Get the account back")
    if question := ask_again(request, what) or ask_unless_settled(request, what):
        return question
    return redirect("sessions_ui:recovery")


def step(view: Callable[[HttpRequest, Entered], HttpResponseBase | None]) -> Callable[..., HttpResponseBase]:
    """Decorate a step: only who may do it gets that far, and one that was done before is said to be. Where the view
    answers nothing, the page is shown again."""

    @login_not_required
    @never_cache
    @require_POST
    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponseBase:
        found = entered(request)
        if found is None or not found.may_act(request):
            return refused(request, found)
        try:
            return view(request, found) or redirect("sessions_ui:recovery")
        except RecoveryClosed:
            return done_before(request)

    return checked


@sensitive_post_parameters("new_password1", "new_password2")
@step
def password(request: HttpRequest, found: Entered) -> HttpResponseBase | None:
    """Do step two: a new password."""
    form = password_form(found, request.POST)
    if not form.is_valid():
        return page(request, found, form=form, status=422)
    choose_password(recovery=found.case, user=found.user, save=form.save)
    messages.success(request, _("Your new password is set."), fail_silently=True)
    return None


@step
def credentials(request: HttpRequest, found: Entered) -> HttpResponseBase | None:
    """Do step three: what was added since goes, as far as it is ticked."""
    remove_added(recovery=found.case, user=found.user, chosen=request.POST.getlist("credential"))
    return None


class NewPasswordForm(SetPasswordForm):
    """Django's own, with the site's validators, and ours whether or not the site has it."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                NotTheVoidPassword().validate(cleaned["new_password1"], self.user)
            except ValidationError as error:
                self.add_error("new_password1", error)
        return cleaned


def password_form(found: Entered, data: Any = None) -> NewPasswordForm:
    form = NewPasswordForm(found.user, data)
    form.fields["new_password1"].help_text = ""
    for field in form.fields.values():
        field.widget.attrs.pop("autofocus", None)
    return form


def refused(request: HttpRequest, found: Entered | None) -> HttpResponseBase:
    """Answer a step that may not be done from here, or not any more."""
    if found is None:
        return gone(request)
    text = _("First confirm it’s you. Nothing was changed.")
    return page(request, found, error=text, status=403)


def done_before(request: HttpRequest) -> HttpResponseBase:
    messages.info(request, _("That has already been done. Nothing was changed just now."), fail_silently=True)
    return redirect("sessions_ui:recovery")


def gone(request: HttpRequest) -> HttpResponseBase:
    """Answer where there is no recovery to be seen: the link is too old, or nobody is signed in."""
    if request.user.is_authenticated:
        return redirect("sessions_ui:devices")
    return render(request, "sessions_ui/not_me_gone.html", {"base_template": conf.base_template}, status=410)


def page(
    request: HttpRequest,
    found: Entered,
    *,
    form: forms.Form | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    case = found.case
    may_act = case.is_open and found.may_act(request)
    reported = case.reported
    act = act_of(case, reported)
    has_ended = ended_by(act, case)
    context = {
        "base_template": conf.base_template,
        "case": case,
        "account": masked_account(found.user),
        "is_disabled": not is_active(found.user),
        "reported": reported,
        "has_ended": has_ended,
        # The sign-in that was reported has a line of its own.
        "counts_sign_ins": has_ended > 1 or (has_ended and case.session_id is None),
        "tokens": tokens_ended_with(case, reported, act),
        "may_act": may_act,
        "form": (form or password_form(found)) if may_act and case.waits_for_password else None,
        "added": added_since(case, found.user) if may_act and case.waits_for_credentials else [],
        "provider": provider_of(case),
        "is_signed_in": request.user.is_authenticated,
        "by_link": found.by_link,
        "error": error,
        "help_url": conf.help_url,
    }
    return render(request, "sessions_ui/recovery.html", context, status=status)


def masked_account(user: Any) -> str:
    """Return by what its owner knows the account: its address, or what it is signed in to with where there is none."""
    address = address_of(user)
    return masked(address) if address else f"{user.get_username()[:1]}•••"


def ended_by(act: Act | None, case: Recovery) -> int:
    """Return how many sign-ins the report has ended; those of the account, where it named none."""
    if act is None:
        return 0
    user_id: Any = case.user_id
    tokens = Session.objects.filter(user_id=user_id, act=act).tokens().count()
    return act.count - tokens


def act_of(case: Recovery, reported: Session | None) -> Act | None:
    """Return the act by which the reported sign-in ended, or everything where none was named."""
    if case.session_id is not None:
        return reported.act if reported is not None else None
    user_id: Any = case.user_id
    opened = Event.objects.filter(user_id=user_id, kind=Event.Kind.RECOVERY_OPENED)
    first = opened.filter(data__recovery=case.public_id).select_related("act").order_by("id").first()
    return first.act if first is not None else None


def tokens_ended_with(case: Recovery, reported: Session | None, act: Act | None) -> int:
    """Return how many access tokens have ended because the recovery was opened, those of other packages included."""
    user_id: Any = case.user_id
    began = case.opened_at if act is None else act.at
    if reported is not None and reported.ended_at is not None:
        began = reported.ended_at
    ended = Session.objects.filter(user_id=user_id, ended_at__gte=min(began, case.opened_at))
    reasons = [EndReason.NOT_ME, EndReason.HELP_DESK]
    since = Event.objects.filter(user_id=user_id, at__gte=min(began, case.opened_at), reason__in=reasons)
    bridged = since.filter(kind=Event.Kind.CREDENTIALS_ENDED).values_list("data", flat=True)
    tokens = ended.tokens().filter(end_reason__in=reasons).count()
    return tokens + sum(data.get("count", 0) for data in bridged)


def provider_of(case: Recovery) -> str:
    """Return the provider by which this person signs in, for people without a password; empty where none is known."""
    user_id: Any = case.user_id
    keys = (
        Session.objects.filter(user_id=user_id, provider__gt="")
        .order_by("-pk")
        .values_list("provider", flat=True)
    )
    key = None if case.needs_password else keys.first()
    return conf.provider_name(key) if key else ""
