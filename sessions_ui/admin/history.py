"""What happened: events and acts, to read. Looking is all that anybody can do, in the database's name too."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sessions_ui.admin.base import ReadOnlyAdmin, person, users_exactly
from sessions_ui.models import Act, Event, EventDetail


class EventDetailInline(admin.StackedInline):
    model = EventDetail
    fields = readonly_fields = ("address", "user_agent", "text")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: EventDetail | None = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What happened to sessions and devices, with its detail as long as that is kept."""

    list_display = ("at", "kind", "account", "device", "reason", "who")
    list_filter = ("kind", "reason")
    list_select_related = ("user", "device", "actor")
    ordering = ("-id",)
    inlines = (EventDetailInline,)
    fields = readonly_fields = ("at", "kind", "account", "device", "session", "reason", "who", "act", "data")

    @admin.display(description=_("user"), ordering="user_id")
    def account(self, event: Event) -> str:
        return person(event.user, event.user_id)

    @admin.display(description=_("by"))
    def who(self, event: Event) -> str:
        return person(event.actor, event.actor_id)


@admin.register(Act)
class ActAdmin(ReadOnlyAdmin):
    """Who ended sessions, when and why. It is searched by who decided."""

    list_display = ("at", "reason", "count", "who", "ticket")
    list_filter = ("reason", "at")
    list_select_related = ("actor",)
    ordering = ("-at",)
    search_help_text = _("The whole e-mail address or user name of who decided.")
    fields = readonly_fields = ("id", "at", "reason", "count", "who", "ticket", "note")

    def exactly(self, term: str) -> Q:
        return Q(actor_id__in=users_exactly(term))

    @admin.display(description=_("by"))
    def who(self, act: Act) -> str:
        return person(act.actor, act.actor_id)
