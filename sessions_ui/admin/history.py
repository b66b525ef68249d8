"""What happened: events and acts, to read. Looking is all that anybody can do, in the database's name too."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from sessions_ui.actions.history import export_events
from sessions_ui.admin.base import ReadOnlyAdmin, person, users_exactly
from sessions_ui.admin.figures.debt import duration
from sessions_ui.audit.export import Format
from sessions_ui.database import moments
from sessions_ui.metrics.proof import Proof, proof_of
from sessions_ui.models import Act, Event, EventDetail, Seal
from sessions_ui.web.responses.files import download
from sessions_ui.web.responses.leads_back import leads_back
from sessions_ui.wording.help_desk import step_text
from sessions_ui.wording.sessions import moment_text


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

    list_display = ("at", "what", "account", "device", "reason", "who")
    list_filter = ("kind", "reason")
    list_select_related = ("user", "device", "actor")
    ordering = ("-id",)
    inlines = (EventDetailInline,)
    fields = readonly_fields = (
        "at",
        "what",
        "account",
        "device",
        "session",
        "reason",
        "who",
        "act",
        "ticket",
        "request_id",
        "data",
        "place",
    )

    @admin.display(description=_("user"), ordering="user_id")
    def account(self, event: Event) -> str:
        return person(event.user, event.user_id)

    @admin.display(description=_("done by"))
    def who(self, event: Event) -> str:
        return person(event.actor, event.actor_id)

    @admin.display(description=_("what happened"))
    def what(self, event: Event) -> str:
        """Return what was done, of the help desk's steps, too."""
        return step_text(event)

    @admin.display(description=_("position in the sealed log"))
    def place(self, event: Event) -> str:
        position = Seal.objects.filter(event=event).values_list("position", flat=True).first()
        return gettext("not sealed yet") if position is None else str(position)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(
            leads_back(require_POST(self.export), "admin:sessions_ui_event_changelist")
        )
        return [path("export/", view, name="sessions_ui_event_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {**(extra_context or {}), "formats": list(Format)})

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the events that the list of this address shows, as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            how = Format(request.POST.get("format", ""))
        except ValueError as error:
            raise BadRequest("no such format") from error
        chosen = self.get_changelist_instance(request).get_queryset(request)
        about = request.META.get("QUERY_STRING", "")
        pieces = export_events(chosen=chosen, how=how, actor=request.user, about=about)
        name = f"history-{moments.local(timezone.now()):%Y-%m-%d}.{how}"
        return download(request, pieces, name=name, content_type=how.content_type)


@admin.register(Act)
class ActAdmin(ReadOnlyAdmin):
    """Who ended sessions, when and why. It is searched by who decided."""

    list_display = ("at", "reason", "count", "who", "ticket")
    list_filter = ("reason", "at")
    list_select_related = ("actor",)
    ordering = ("-at",)
    search_help_text = _("The whole email address or user name of the person who decided.")
    fields = readonly_fields = ("id", "at", "happened_at", "reason", "count", "who", "ticket", "note")

    def exactly(self, term: str) -> Q:
        return Q(actor_id__in=users_exactly(term))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show beside the act what the rows prove of it."""
        act = self.get_object(request, unquote(object_id))
        context: dict[str, Any] = {}
        if act is not None and self.has_view_permission(request, act):
            proof = proof_of(act)
            context = {"proof": proof, "proof_rows": proof_rows(proof)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    @admin.display(description=_("done by"))
    def who(self, act: Act) -> str:
        return person(act.actor, act.actor_id)


def proof_rows(proof: Proof) -> list[tuple[str, str]]:
    """Return what the page says of an act, line by line."""
    containment = proof.containment
    rows = [
        (
            gettext("Trust ended"),
            moment(proof.happened_at) if proof.happened_at else gettext("when it was ordered"),
        ),
        (gettext("Ordered"), moment(proof.ordered_at)),
        (gettext("In force for everything that it ended"), moment(proof.in_force_at)),
        (
            gettext("Time to containment"),
            gettext("not yet") if containment is None else duration(containment),
        ),
        (gettext("First request refused"), moment(proof.first_refused_at)),
        (gettext("Turned away since then"), counted(proof.refused, proof.ended)),
        (gettext("First open tab notified"), moment(proof.first_tabs_told_at)),
        (gettext("Had an open tab that was notified"), counted(proof.tabs, proof.ended)),
    ]
    if proof.lived_on:
        rows.append((gettext("Affected, but ended in another way"), str(proof.lived_on)))
        rows.append((gettext("Still signed in"), str(proof.living)))
    return rows


def moment(at: datetime | None) -> str:
    return gettext("not yet") if at is None else f"{moment_text(at)} ({moments.aware(at).isoformat()})"


def counted(number: int, total: int) -> str:
    return gettext("%(number)d of %(total)d") % {"number": number, "total": total}
