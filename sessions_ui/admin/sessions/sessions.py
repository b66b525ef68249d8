"""Sessions and devices: who is signed in where, who ended what and why."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.help_desk.find_user import users_exactly
from sessions_ui.admin.accounts.privacy import person_data
from sessions_ui.admin.base import address_exactly, person, person_url
from sessions_ui.admin.figures.debt import debt_page
from sessions_ui.admin.figures.overview import overview
from sessions_ui.admin.filters import (
    CountryFilter,
    DayFilter,
    DeviceKindFilter,
    ReasonFilter,
    SessionKindFilter,
    SessionStateFilter,
    StaffFilter,
)
from sessions_ui.admin.person.page import find_person, person_act, person_page
from sessions_ui.admin.sessions.ending import EndingAdmin
from sessions_ui.client import Place
from sessions_ui.client.address import kept
from sessions_ui.conf import conf
from sessions_ui.models import Device, Session
from sessions_ui.models.session import MOVED, SessionQuerySet
from sessions_ui.wording.sessions import level_text, place_name, shown_text, sign_in_text


@admin.register(Session)
class SessionAdmin(EndingAdmin):
    """Everything that was signed in, with the overview of them; anonymous sessions are not shown. Nor are access
    tokens: they have a list of their own, and to end one is another permission."""

    list_display = ("whose", "state_and_why", "device", "place_and_address", "last_seen_at", "signed_in_at")
    list_display_links = ("device",)
    list_filter = (
        SessionStateFilter,
        DayFilter,
        DeviceKindFilter,
        CountryFilter,
        ReasonFilter,
        StaffFilter,
        SessionKindFilter,
    )
    list_select_related = ("user", "device", "ended_by")
    sortable_by = ("signed_in_at",)
    # The only time here with an index (docs/architecture.md, "One statement a request").
    ordering = ("-signed_in_at",)
    search_help_text = _("The whole email address, user name, network address or id of a sign-in.")
    # Named one by one, so that no key, digest, payload or hash shows up because a column was added.
    fields = readonly_fields = (
        "public_id",
        "account",
        "device",
        "kind",
        "how",
        "level",
        "shown",
        "provider",
        "organization_id",
        "signed_in_at",
        "last_seen_at",
        "expires_at",
        "place_in_words",
        "address",
        "first_place_in_words",
        "first_address",
        "user_agent",
        "first_user_agent",
        "impersonator",
        "impersonation_reason",
        "metadata",
        "state",
        "why",
        "who_ended",
        "ended_at",
        "act",
        "tabs_told_at",
        "refused_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """Return sign-ins only, because an anonymous row is nobody's. The secrets are not even fetched.

        Not `user__isnull=False`: with `select_related` Django makes that an inner join, and the sessions of deleted
        accounts are gone from the list.
        """
        found: Any = super().get_queryset(request)
        rows: SessionQuerySet = found.filter(signed_in_at__isnull=False)
        rows = rows.exclude(kind=Session.Kind.TOKEN).with_containment()
        return rows.defer("payload", "digest", "previous_digest", "auth_hash")

    def exactly(self, term: str) -> Q:
        if address := address_exactly(term):
            # What is stored of it, and what was stored before the setting was changed.
            stored = {address, kept(address, conf.store_addresses)} - {None}
            return Q(first_address__in=stored) | Q(MOVED, address__in=stored)
        return Q(user_id__in=users_exactly(term)) | Q(public_id=term)

    def sessions_of(self, queryset: QuerySet[Any]) -> SessionQuerySet:
        return Session.objects.filter(pk__in=queryset.order_by().values("pk"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(lambda request: overview(self, request))
        data = self.admin_site.admin_view(lambda request: person_data(self, request))
        debt = self.admin_site.admin_view(lambda request: debt_page(self, request))
        find = self.admin_site.admin_view(lambda request: find_person(self, request))
        hub = self.admin_site.admin_view(lambda request, pk: person_page(self, request, pk))
        act = self.admin_site.admin_view(lambda request, pk, act: person_act(self, request, pk, act))
        return [
            path("people/", find, name="sessions_ui_session_find_person"),
            path("people/<str:pk>/", hub, name="sessions_ui_session_hub"),
            path("people/<str:pk>/<slug:act>/", act, name="sessions_ui_session_person_act"),
            path("overview/", view, name="sessions_ui_session_overview"),
            path("person/", data, name="sessions_ui_session_person"),
            path("debt/", debt, name="sessions_ui_session_debt"),
            *super().get_urls(),
        ]

    @admin.display(description=_("user"), ordering="user_id")
    def account(self, session: Session) -> str:
        return person(session.user, session.user_id)

    @admin.display(description=_("user"), ordering="user_id")
    def whose(self, session: Session) -> str:
        """Return the name as a link to all that is known of the person."""
        url = person_url(session.user_id)
        return format_html('<a href="{}">{}</a>', url, self.account(session))

    @admin.display(description=_("state"))
    def state_and_why(self, session: Session) -> str:
        """Return "Signed out: the device was reported lost, by ada@…", in the width of one column."""
        parts = [text for text in (self.why(session), self.who_ended(session)) if text]
        return (
            format_html("{}<br>{}", self.state(session), ", ".join(parts)) if parts else self.state(session)
        )

    @admin.display(description=_("place and address"))
    def place_and_address(self, session: Session) -> str:
        return format_html("{}<br>{}", self.place_in_words(session), session.address or "")

    @admin.display(description=_("place"))
    def place_in_words(self, session: Session) -> str:
        return place_name(session.current_place)

    @admin.display(description=_("place at sign-in"))
    def first_place_in_words(self, session: Session) -> str:
        return place_name(Place.from_dict(session.first_place))

    @admin.display(description=_("signed in"))
    def how(self, session: Session) -> str:
        return sign_in_text(session)

    @admin.display(description=_("assurance level"))
    def level(self, session: Session) -> str:
        return level_text(session)

    @admin.display(description=_("authentication"))
    def shown(self, session: Session) -> str:
        return format_html_join(mark_safe("<br>"), "{}", ((shown_text(one),) for one in session.shown))

    @admin.display(description=_("state"))
    def state(self, session: Session) -> str:
        if session.is_over:
            return gettext("Signed out")
        return gettext("Signed in") if session.is_living else gettext("Expired")

    @admin.display(description=_("why"))
    def why(self, session: Session) -> str:
        return session.reason_in_words

    @admin.display(description=_("ended by"))
    def who_ended(self, session: Session) -> str:
        return person(session.ended_by, session.ended_by_id)


@admin.register(Device)
class DeviceAdmin(EndingAdmin):
    """Devices of everybody; whatever is signed in on one can be signed out."""

    list_display = ("title", "signed_in", "account", "about", "kind", "first_seen_at", "public_id")
    list_filter = ("kind", "first_seen_at")
    list_select_related = ("user",)
    ordering = ("-id",)
    search_help_text = _("The whole email address, user name or id of a device.")
    fields = readonly_fields = (
        "public_id",
        "account",
        "name",
        "about",
        "kind",
        "maker",
        "model",
        "first_seen_at",
        "confirmed_at",
        "lost_at",
        "copied_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        return super().get_queryset(request).defer("cookie_digest")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Find out in one statement which devices of the page are signed in. Not `Exists` in the list's own query:
        PostgreSQL then collects every living session there is before it looks at the page."""
        changelist = super().get_changelist_instance(request)
        page = list(changelist.result_list)
        living = Session.objects.living().filter(device__in=page).values_list("device_id", flat=True)
        signed_in = set(living)
        for device in page:
            device.is_signed_in = device.pk in signed_in
        changelist.result_list = page
        return changelist

    def exactly(self, term: str) -> Q:
        return Q(user_id__in=users_exactly(term)) | Q(public_id=term)

    def sessions_of(self, queryset: QuerySet[Any]) -> SessionQuerySet:
        return Session.objects.filter(device_id__in=queryset.order_by().values("pk"))

    @admin.display(description=_("user"), ordering="user_id")
    def account(self, device: Device) -> str:
        return person(device.user, device.user_id)

    @admin.display(description=_("browser and system"))
    def about(self, device: Device) -> str:
        return device.derived_name

    @admin.display(description=_("signed in"), boolean=True)
    def signed_in(self, device: Device) -> bool:
        return device.is_signed_in  # type: ignore[attr-defined]
