"""Who was told, who is still to be told, and what was given up."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sessions_ui import outbox
from sessions_ui.admin.base import ReadOnlyAdmin, person, users_exactly
from sessions_ui.admin.filters import DeliveryStateFilter
from sessions_ui.models import Delivery


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "account",
        "channel",
        "receiver",
        "state",
        "created_at",
        "due_at",
        "attempts",
        "error",
    )
    list_filter = (DeliveryStateFilter, "channel")
    list_select_related = ("user",)
    ordering = ("-id",)
    actions = ("retry",)
    fields = readonly_fields = (
        "id",
        "account",
        "channel",
        "receiver",
        "act",
        "state",
        "created_at",
        "due_at",
        "leased_until",
        "attempts",
        "done_at",
        "parked_at",
        "error",
    )

    def exactly(self, term: str) -> Q:
        return Q(user_id__in=users_exactly(term)) | Q(receiver__iexact=term)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_ui.change_delivery")

    @admin.action(description=_("Try again what was given up"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        count = outbox.retry(Delivery.objects.filter(pk__in=queryset.order_by().values("pk")))
        if not count:
            messages.warning(request, gettext("None of these was given up."))
            return
        text = ngettext("%(count)d will be tried again.", "%(count)d will be tried again.", count)
        messages.success(request, text % {"count": count})

    @admin.display(description=_("user"), ordering="user_id")
    def account(self, delivery: Delivery) -> str:
        return person(delivery.user, delivery.user_id)

    @admin.display(description=_("state"))
    def state(self, delivery: Delivery) -> str:
        if delivery.done_at:
            return gettext("Not sent") if delivery.error else gettext("Told")
        return gettext("Given up") if delivery.parked_at else gettext("Open")
