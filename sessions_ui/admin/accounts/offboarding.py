"""The agreed end of somebody's access: set it, look at it, cancel it. Another date is another one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
from sessions_ui.admin.base import PersonField, ReadOnlyAdmin, person
from sessions_ui.models import Offboarding
from sessions_ui.web.happened import validate_happened, validate_range


class OffboardingForm(forms.ModelForm):
    who = PersonField(label=_("Person"))
    ends_at = forms.SplitDateTimeField(
        label=_("Access ends"),
        widget=AdminSplitDateTime(),
        validators=[validate_range],
        help_text=_(
            "A time in the past ends everything now. It replaces the date that was set before for the same person."
        ),
    )

    happened_at = forms.SplitDateTimeField(
        label=_("Left on"),
        required=False,
        widget=AdminSplitDateTime(),
        validators=[validate_happened],
        help_text=_(
            "When the person left, if that was earlier. We measure how long sign-ins lasted after that."
        ),
    )

    class Meta:
        model = Offboarding
        fields = ("ticket", "note")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        left, ends_at = cleaned.get("happened_at"), cleaned.get("ends_at")
        if left and ends_at and left > ends_at:
            self.add_error("happened_at", _("Access can’t end before the person leaves."))
        return cleaned


@admin.register(Offboarding)
class OffboardingAdmin(ReadOnlyAdmin):
    """The agreed ends of access. To add one is a permission, to cancel one is another (`change_offboarding`)."""

    list_display = ("account", "state", "ends_at", "who", "ticket", "created_at")
    list_select_related = ("user", "actor")
    ordering = ("-id",)
    actions = ("cancel",)
    has_history = True
    shown = (
        "account",
        "ends_at",
        "happened_at",
        "state",
        "who",
        "ticket",
        "note",
        "created_at",
        "cancelled_at",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_ui.add_offboarding")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_ui.change_offboarding")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs) if obj else OffboardingForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else ("who", "ends_at", "happened_at", "ticket", "note")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else ()

    def save_model(self, request: HttpRequest, obj: Offboarding, form: Any, change: bool) -> None:
        made = offboard(
            user=form.cleaned_data["who"],
            ends_at=form.cleaned_data["ends_at"],
            actor=request.user,
            ticket=obj.ticket,
            note=obj.note,
            happened_at=form.cleaned_data["happened_at"],
        )
        obj.__dict__.update(made.__dict__)

    @admin.action(description=_("Cancel: let them sign in again"), permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        count = sum(cancel_offboarding(offboarding=row, actor=request.user) for row in queryset)
        if not count:
            messages.warning(request, gettext("None of these was in force."))
            return
        text = ngettext(
            "%(count)d end of access was cancelled. What is signed in already still ends on that date.",
            "%(count)d ends of access were cancelled. What is signed in already still ends on those dates.",
            count,
        )
        messages.success(request, text % {"count": count})

    @admin.display(description=_("user"), ordering="user_id")
    def account(self, offboarding: Offboarding) -> str:
        return person(offboarding.user, offboarding.user_id)

    @admin.display(description=_("set by"))
    def who(self, offboarding: Offboarding) -> str:
        return person(offboarding.actor, offboarding.actor_id)

    @admin.display(description=_("state"))
    def state(self, offboarding: Offboarding) -> str:
        if offboarding.cancelled_at:
            return gettext("Cancelled")
        return gettext("Ended") if offboarding.ends_at <= timezone.now() else gettext("Scheduled")
