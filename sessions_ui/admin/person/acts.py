"""What can be done about one person, each with its permission, what it says before, and how it is carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.sessions.rules.validate import IMPERSONATE
from sessions_ui.admin.sessions.ending import EndingAdmin, ReasonForm
from sessions_ui.exceptions import ImpersonationRefused
from sessions_ui.impersonation.api import impersonate
from sessions_ui.models import EndReason, Session
from sessions_ui.models.primary import all_users
from sessions_ui.user_model import has_usable_password
from sessions_ui.wording.impersonation import refused_text

END = "sessions_ui.change_session"


class ImpersonateForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The person can read it on the devices page and, if the site sends one, in an email."),
        max_length=255,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
    )


@dataclass(frozen=True)
class PersonAct:
    """One act. `name` is its word in the address. `carry_out` gets the admin of sessions, the request, the user and the
    valid form; it adds an error to the form where it is refused, and returns a response where the page of the person
    does not follow."""

    name: str
    verb: Any
    question: Any
    says: Any
    permission: str
    form: type[forms.Form]
    carry_out: Callable[[EndingAdmin, HttpRequest, Any, forms.Form], HttpResponseBase | None]
    fits: Callable[[HttpRequest, Any], bool] = lambda request, user: True
    ends_all: bool = True

    def is_offered(self, request: HttpRequest, user: Any) -> bool:
        return user is not None and request.user.has_perm(self.permission) and self.fits(request, user)


def sign_out(
    model_admin: EndingAdmin, request: HttpRequest, user: Any, form: forms.Form
) -> HttpResponseBase | None:
    model_admin.end(
        request,
        Session.objects.filter(user_id=user.pk),
        of_users=all_users().filter(pk=user.pk),
        unadopted=True,
        **form.cleaned_data,
    )
    return None


def require_password(
    model_admin: EndingAdmin, request: HttpRequest, user: Any, form: forms.Form
) -> HttpResponseBase | None:
    require_new_password(user=user, reason=EndReason.ADMINISTRATOR, actor=request.user, **form.cleaned_data)
    messages.success(
        request, gettext("Nothing is signed in, and nobody can sign in until a new password is chosen.")
    )
    return None


def use_account(
    model_admin: EndingAdmin, request: HttpRequest, user: Any, form: forms.Form
) -> HttpResponseBase | None:
    staff: Any = request.user
    try:
        impersonate(request, user=user, actor=staff, reason=form.cleaned_data["reason"])
    except ImpersonationRefused as refused:
        form.add_error(None, refused_text(refused.reason))
        return None
    return HttpResponseRedirect(resolve_url(settings.LOGIN_REDIRECT_URL))


ACTS = (
    PersonAct(
        name="sign-out",
        verb=_("Sign out everything"),
        question=_("Sign out everything: are you sure?"),
        says=_(
            "Everything that is signed in to the account ends, including access tokens and what other packages let "
            "in."
        ),
        permission=END,
        form=ReasonForm,
        carry_out=sign_out,
    ),
    PersonAct(
        name="require-password",
        verb=_("Require a new password"),
        question=_("Require a new password: are you sure?"),
        says=_(
            "Everything ends, and nobody can sign in until a new password is chosen. An email says how. It goes to "
            "addresses that have been the person’s for a long time."
        ),
        permission=END,
        form=ReasonForm,
        carry_out=require_password,
        fits=lambda request, user: has_usable_password(user),
    ),
    PersonAct(
        name="use-account",
        verb=_("Use this account as support"),
        question=_("Use this account as support"),
        says=_(
            "You see what the person sees. We show them that support is using the account, and why. Your own sign-in "
            "waits until you leave the account. If the person signs you out of it, sign in again."
        ),
        permission=IMPERSONATE,
        form=ImpersonateForm,
        carry_out=use_account,
        fits=lambda request, user: user.pk != request.user.pk,
        ends_all=False,
    ),
)
