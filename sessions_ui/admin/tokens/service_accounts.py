"""Service accounts: who makes one, who is in charge of it, and the tokens that it lives by."""

from __future__ import annotations

from copy import copy
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET

from sessions_ui.actions.tokens.create import create_token
from sessions_ui.actions.tokens.rights import MANAGE, may_speak_for
from sessions_ui.actions.tokens.scopes import offered_scopes
from sessions_ui.actions.tokens.service_accounts import (
    make_service_account,
    transfer_service_account,
    why_no_owner,
    why_no_service_account,
)
from sessions_ui.admin.base import PersonField, ReadOnlyAdmin, act_of_row, person, users_exactly
from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.exceptions import OwnerRefused, SignInRefused, TokenRefusal, TokenRefused
from sessions_ui.models import AccessToken, ServiceAccount, Session
from sessions_ui.models.primary import with_users
from sessions_ui.web.responses.shown_once import forget_value, led_to_value, take_value
from sessions_ui.web.tokens.forms import OnceForm
from sessions_ui.wording.tokens import NO_OWNER, REFUSALS

VALUE = "sessions_ui_serviceaccount_value"  # the name of the page that shows it


class ServiceAccountForm(forms.ModelForm):
    account = PersonField(
        label=_("Account"),
        help_text=_("The whole email address or user name. Anybody who is signed in to it is signed out."),
    )
    owner = PersonField(
        label=_("Owner"), help_text=_("The person responsible for it, who must be able to sign in.")
    )

    class Meta:
        model = ServiceAccount
        fields = ("purpose",)

    # Who fills it in; set for each request.
    actor: Any = None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        account, owner = cleaned.get("account"), cleaned.get("owner")
        if account is not None and not may_speak_for(self.actor, account):
            self.add_error("account", _("This account can do things that you can’t, or it is your own."))
        if account is not None and ServiceAccount.is_one(account.pk):
            self.add_error("account", _("This is already a service account."))
        if account is not None and (reason := why_no_service_account(account)):
            self.add_error("account", NO_OWNER[reason])
        if owner is not None and (reason := why_no_owner(getattr(account, "pk", None), owner)):
            self.add_error("owner", NO_OWNER[reason])
        return cleaned


class OwnerForm(forms.Form):
    owner = PersonField(
        label=_("New owner"),
        help_text=_("Tokens that end with the former owner’s access still do. Create new ones."),
    )


class TokenForm(OnceForm):
    name = forms.CharField(label=_("Name"), max_length=100)
    scopes = forms.MultipleChoiceField(label=_("Allowed to"), widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(label=_("Valid for (days)"), min_value=1, max_value=36_500, initial=90)

    def __init__(self, *args: Any, account: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)
        scopes: Any = self.fields["scopes"]
        scopes.choices = [*(conf.scopes if account is None else offered_scopes(account)).items()]
        longest = for_user(conf.token_max_age, account)
        if longest is not None:
            self.fields["days"].widget.attrs["max"] = max(longest.days, 1)


@admin.register(ServiceAccount)
class ServiceAccountAdmin(ReadOnlyAdmin):
    """Accounts that no person signs in to. Whoever may manage tokens makes one, and gives it another owner."""

    change_form_template = "sessions_ui/admin/service_account.html"
    list_display = ("account", "state", "person_in_charge", "purpose", "valid_tokens", "created_at")
    ordering = ("-created_at",)
    shown = ("account", "person_in_charge", "purpose", "state", "created_at", "creator", "orphaned_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceAccount]:
        rows = with_users(super().get_queryset(request), "user", "owner", "created_by")
        tokens = Session.objects.living().tokens().filter(user_id=OuterRef("pk")).order_by().values("user_id")
        count = Coalesce(Subquery(tokens.annotate(number=Count("pk")).values("number")), 0)
        return rows.annotate(token_count=count)

    def exactly(self, term: str) -> Q:
        users = users_exactly(term)
        return Q(user_id__in=users) | Q(owner_id__in=users)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or request.user.has_perm(MANAGE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MANAGE)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj:
            return super().get_form(request, obj, change, **kwargs)
        return type("FormOfActor", (ServiceAccountForm,), {"actor": request.user})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else ("account", "owner", "purpose")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else ()

    def save_model(self, request: HttpRequest, obj: ServiceAccount, form: Any, change: bool) -> None:
        cleaned = form.cleaned_data
        made = make_service_account(
            user=cleaned["account"], owner=cleaned["owner"], purpose=obj.purpose, actor=request.user
        )
        obj.__dict__.update(made.__dict__)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        account = context.get("original")
        if account is not None and request.user.has_perm(MANAGE):
            fresh = {"owner_form": OwnerForm(), "token_form": TokenForm(account=account.user)}
            context |= {name: context.get(name, form) for name, form in fresh.items()}
        return super().render_change_form(request, context, *args, **options)

    def get_urls(self) -> list[URLPattern]:
        def named(view: Any, name: str) -> URLPattern:
            wrapped = self.admin_site.admin_view(act_of_row(view, "serviceaccount"))
            return path(f"<path:pk>/{name}/", wrapped, name=f"sessions_ui_serviceaccount_{name}")

        shown = self.admin_site.admin_view(self.token_value)
        value = path("<path:pk>/value/<slug:public_id>/", shown, name=VALUE)
        return [named(self.transfer, "transfer"), named(self.make_token, "token"), value, *super().get_urls()]

    def transfer(self, request: HttpRequest, pk: str) -> HttpResponse:
        account = self._managed(request, pk)
        form = OwnerForm(request.POST)
        if not form.is_valid():
            return self._refused(request, account, owner_form=form)
        owner = form.cleaned_data["owner"]
        try:
            transfer_service_account(account=account, owner=owner, actor=request.user)
        except OwnerRefused as refused:
            form.add_error("owner", NO_OWNER[refused.reason])
            return self._refused(request, account, owner_form=form)
        messages.success(request, gettext("%(owner)s is now the owner.") % {"owner": owner})
        return self._back(account)

    def make_token(self, request: HttpRequest, pk: str) -> HttpResponse:
        account = self._managed(request, pk)
        form = TokenForm(request.POST, account=account.user)
        if not form.is_valid():
            return self._refused(request, account, token_form=form)
        days, once = timedelta(days=form.cleaned_data.pop("days")), form.cleaned_data.pop("once")
        try:
            made = create_token(
                user=account.user,
                expires_at=timezone.now() + days,
                public_id=once,
                actor=request.user,
                **form.cleaned_data,
            )
        except TokenRefused as refused:
            if refused.reason is TokenRefusal.MADE_BEFORE:
                # By this very form: there is nothing to enter again.
                messages.error(request, str(REFUSALS[refused.reason]))
                return self._back(account)
            form.add_error(None, REFUSALS[refused.reason])
            return self._refused(request, account, token_form=form)
        except SignInRefused as refused:
            form.add_error(None, str(refused.reason.label).capitalize())
            return self._refused(request, account, token_form=form)
        page = reverse(f"admin:{VALUE}", args=[account.pk, made.token.session.public_id])
        return led_to_value(request, made.value, page=page)

    @method_decorator(require_GET)
    @method_decorator(sensitive_variables("value", "context"))
    def token_value(self, request: HttpRequest, pk: str, public_id: str) -> HttpResponse:
        """Show the value of the token that was made just now, this once. `admin_view` forbids caching."""
        account = self._managed(request, pk)
        tokens = AccessToken.objects.filter(session__user=account.user, session__public_id=public_id)
        token = get_object_or_404(tokens.select_related("session"))
        value = take_value(request)
        if value is None:
            messages.info(request, gettext("It is shown only once."))
            return self._back(account)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Copy the token now"),
            "opts": self.opts,
            "account": account,
            "token": token,
            "value": value,
        }
        response = TemplateResponse(request, "sessions_ui/admin/service_account_token.html", context)
        forget_value(request, response)
        return response

    def _managed(self, request: HttpRequest, pk: str) -> ServiceAccount:
        if not request.user.has_perm(MANAGE):
            raise PermissionDenied
        rows = self.get_queryset(request)
        try:
            account = get_object_or_404(rows, pk=ServiceAccount._meta.pk.to_python(pk))
        except forms.ValidationError:
            account = get_object_or_404(rows.none())
        if not may_speak_for(request.user, account.user):
            raise PermissionDenied
        return account

    def _refused(self, request: HttpRequest, account: ServiceAccount, **wrong: forms.Form) -> HttpResponse:
        """Show the page again, with what is wrong about one of its forms and what was entered in it."""
        shown = copy(request)
        shown.method = "GET"  # for Django a POST would be one that changes the row
        response = self.change_view(shown, quote(str(account.pk)), extra_context=wrong)
        response.status_code = 422
        return response

    def _back(self, account: ServiceAccount) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:sessions_ui_serviceaccount_change", args=[account.pk]))

    @admin.display(description=_("account"))
    def account(self, account: ServiceAccount) -> str:
        return person(account.user, account.pk)

    @admin.display(description=_("owner"))
    def person_in_charge(self, account: ServiceAccount) -> str:
        return person(account.owner, account.owner_id)

    @admin.display(description=_("created by"))
    def creator(self, account: ServiceAccount) -> str:
        return person(account.created_by, account.created_by_id)

    @admin.display(description=_("state"))
    def state(self, account: ServiceAccount) -> str:
        return gettext("No owner") if account.orphaned_at else gettext("In use")

    @admin.display(description=_("valid tokens"))
    def valid_tokens(self, account: Any) -> int:
        return int(account.token_count)
