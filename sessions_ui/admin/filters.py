"""Filters of the change lists, in the words of the pages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.sessions.selection import State, in_state
from sessions_ui.client.country import country_name
from sessions_ui.database import moments
from sessions_ui.models import Device, Endpoint, EndReason, Event, Session
from sessions_ui.models.primary import all_users

DAYS = 14
NEWEST = 1_000  # rows that a filter looks at where the database has no index for what it asks


class SessionStateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("living", _("Signed in")), ("ended", _("Signed out")), ("expired", _("Expired"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return in_state(queryset, State(chosen)) if chosen in ("living", "ended", "expired") else queryset


class DayFilter(admin.SimpleListFilter):
    """By the day of the sign-in, which has an index. Django's own date hierarchy queries every day there is."""

    title = _("day of the sign-in")
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        today = moments.day_of(timezone.now())
        days = [today - timedelta(days=number) for number in range(DAYS)]
        return [(day.isoformat(), date_format(day, "SHORT_DATE_FORMAT")) for day in days]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        try:
            day = date.fromisoformat(self.value() or "")
            start, end = (moments.midnight(midnight) for midnight in (day, day + timedelta(days=1)))
        except (ValueError, OverflowError):
            return queryset
        return queryset.filter(signed_in_at__gte=start, signed_in_at__lt=end)


class CountryFilter(admin.SimpleListFilter):
    """By the country of the sign-in. It offers the countries of the newest sign-ins, because all there are would take a
    full scan."""

    title = _("country of the sign-in")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        newest = Session.objects.filter(signed_in_at__isnull=False).order_by("-signed_in_at")
        codes = set(newest.values_list("first_country", flat=True)[:NEWEST])
        names = [(code, country_name(code, get_language()) or code) for code in codes if code]
        return sorted(names, key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(first_country=self.value()) if self.value() else queryset


class ReasonFilter(admin.SimpleListFilter):
    """By why the session ended: the newest endings for that reason, found in the log of events, which has an index for
    it."""

    title = _("why it ended (most recent)")
    parameter_name = "why"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, label) for value, label in EndReason.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in EndReason.values:
            return queryset
        endings = Event.objects.filter(reason=self.value(), kind=Event.Kind.ENDED).order_by("-id")
        # As a list: MariaDB knows no LIMIT in a subquery.
        return queryset.filter(pk__in=list(endings.values_list("session_id", flat=True)[:NEWEST]))


class StaffFilter(admin.SimpleListFilter):
    title = _("staff")
    parameter_name = "staff"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        users = get_user_model()
        has_staff = any(field.name == "is_staff" for field in users._meta.concrete_fields)
        return [("yes", _("Staff only"))] if has_staff else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != "yes":
            return queryset
        staff = all_users().filter(is_staff=True)
        return queryset.filter(user_id__in=list(staff.values_list("pk", flat=True)[:NEWEST]))


class DeviceKindFilter(admin.SimpleListFilter):
    title = _("kind of device")
    parameter_name = "device_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value or "unknown", label) for value, label in Device.Kind.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        kind = "" if self.value() == "unknown" else self.value()
        return queryset.filter(device__kind=kind) if kind in Device.Kind.values else queryset


class SessionKindFilter(admin.SimpleListFilter):
    """What a sign-in is kept by. Access tokens are none."""

    title = _("kind")
    parameter_name = "kind__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, label) for value, label in Session.Kind.choices if value != Session.Kind.TOKEN]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() in Session.Kind.values else queryset


class DeliveryStateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Open")), ("done", _("Delivered")), ("parked", _("Given up"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "open":
            return queryset.filter(done_at__isnull=True, parked_at__isnull=True)
        if self.value() == "done":
            return queryset.filter(done_at__isnull=False)
        if self.value() == "parked":
            return queryset.filter(parked_at__isnull=False)
        return queryset


class ChannelFilter(admin.SimpleListFilter):
    """Mails, webhooks, and what bridges end. Django's own filter would select the distinct values of the whole table;
    webhooks differ from the others in the endpoint, which has an index."""

    title = _("channel")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mail", "mail"), ("webhook", "webhook"), ("bridge", "bridge")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        channel = self.value()
        if channel not in ("mail", "webhook", "bridge"):
            return queryset
        if channel == "webhook":
            return queryset.filter(endpoint__isnull=False)
        return queryset.filter(endpoint__isnull=True, channel=channel)


class EndpointFilter(admin.SimpleListFilter):
    """By endpoint, out of all there are, not only those that have deliveries: that would be a DISTINCT over all
    deliveries."""

    title = _("webhook endpoint")
    parameter_name = "endpoint"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return [(endpoint.pk, str(endpoint)) for endpoint in Endpoint.objects.order_by("pk")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        known = {str(pk) for pk, _name in self.lookup_choices}
        return queryset.filter(endpoint=value) if value in known else queryset.none()
