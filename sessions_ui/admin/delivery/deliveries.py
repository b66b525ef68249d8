"""Who was told, who is still to be told, and what was given up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.webhooks.redeliver import redeliver
from sessions_ui.admin.base import ReadOnlyAdmin, person, users_exactly
from sessions_ui.admin.filters import NEWEST, ChannelFilter, DeliveryStateFilter, EndpointFilter
from sessions_ui.database import moments
from sessions_ui.models import Delivery, Event
from sessions_ui.wording.sessions import moment_text


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Who must be told, and how it went; what was given up can be tried again."""

    list_display = (
        "id",
        "state",
        "account",
        "channel",
        "to",
        "created_at",
        "attempts",
        "error",
    )
    list_filter = (DeliveryStateFilter, ChannelFilter, EndpointFilter)
    list_select_related = ("user", "endpoint")
    ordering = ("-id",)
    actions = ("retry",)
    fields = readonly_fields = (
        "id",
        "account",
        "channel",
        "to",
        "act",
        "event_kind",
        "state",
        "created_at",
        "next_attempt",
        "held_at",
        "leased_until",
        "attempts",
        "done_at",
        "parked_at",
        "error",
    )

    def exactly(self, term: str) -> Q:
        # By a statement of their own: inside an OR PostgreSQL does not use what it knows of a partial index, and reads
        # the table from its end.
        mails = Delivery.objects.filter(receiver__iexact=term, endpoint__isnull=True).order_by("-id")
        keys = list(mails.values_list("pk", flat=True)[:NEWEST])
        return Q(user_id__in=users_exactly(term)) | Q(pk__in=keys)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_ui.change_delivery")

    @admin.action(
        description=_("Send again what was given up, and webhooks that were lost"), permissions=["retry"]
    )
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        chosen = Delivery.objects.filter(pk__in=queryset.order_by().values("pk"))
        count = redeliver(deliveries=chosen, actor=request.user)
        if not count:
            messages.warning(
                request,
                gettext(
                    "There was nothing to send again: none of these was given up, and an email that was sent isn’t "
                    "sent twice."
                ),
            )
            return
        text = ngettext(
            "%(count)d message will be tried again.", "%(count)d messages will be tried again.", count
        )
        messages.success(request, text % {"count": count})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show how the attempts went, and a button that sends it again where that can help."""
        delivery = kwargs.get("obj")
        if delivery is not None:
            context["sessions_ui_attempts"] = attempts_of(delivery)
            may = self.has_retry_permission(request)
            context["sessions_ui_may_resend"] = may and is_to_be_sent_again(delivery)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("next attempt"))
    def next_attempt(self, delivery: Delivery) -> str:
        if delivery.done_at or delivery.parked_at:
            return pgettext("attempt", "none")
        return moment_text(delivery.due_at)

    @admin.display(description=_("user"), ordering="user_id")
    def account(self, delivery: Delivery) -> str:
        return person(delivery.user, delivery.user_id)

    @admin.display(description=_("receiver"), ordering="receiver")
    def to(self, delivery: Delivery) -> str:
        return str(delivery.endpoint or delivery.receiver)

    @admin.display(description=_("event"))
    def event_kind(self, delivery: Delivery) -> str:
        event = Event.objects.filter(pk=delivery.event_id).first() if delivery.event_id else None
        return str(event or "")

    @admin.display(description=_("state"))
    def state(self, delivery: Delivery) -> str:
        if delivery.done_at:
            return gettext("Not sent") if delivery.error else gettext("Delivered")
        return gettext("Given up") if delivery.parked_at else gettext("Open")


def attempts_of(delivery: Delivery) -> list[dict[str, Any]]:
    """Return the attempts that are noted, the newest first, with their times as moments."""
    return [
        {**entry, "at": moments.stored(datetime.fromisoformat(entry["at"]))}
        for entry in reversed(delivery.attempt_log or [])
    ]


def is_to_be_sent_again(delivery: Delivery) -> bool:
    """Return whether `redeliver()` would take it: what was given up, and webhooks that were delivered."""
    return delivery.parked_at is not None or (delivery.done_at is not None and delivery.channel == "webhook")
