"""The list of incidents, and the page of one: approve, stop, go on, see how far it has come, take the result along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from sessions_ui.actions.incidents.approve import (
    approve_incident,
    decline_incident,
    kept_by_approval,
    why_not_approved_by,
)
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.preview import count_without, kept_of, meet_any, time_for
from sessions_ui.actions.incidents.result import FORMATS, export_incident
from sessions_ui.actions.incidents.rights import ORDER_INCIDENT
from sessions_ui.actions.incidents.stop import resume_incident, stop_incident
from sessions_ui.admin.base import act_of_row, person, users_exactly
from sessions_ui.admin.incidents.order import OrderAdmin, told_counts
from sessions_ui.exceptions import IncidentRefused
from sessions_ui.models import Incident
from sessions_ui.web.responses.files import download
from sessions_ui.wording.incidents import duration_text, refused_text

OPEN = (Incident.State.RUNNING, Incident.State.STOPPED)


@admin.register(Incident)
class IncidentAdmin(OrderAdmin):
    """The incidents. To look at them is a permission, to order, approve, stop and export one is another
    (`order_incident`)."""

    change_form_template = "sessions_ui/admin/incident.html"
    list_display = ("created_at", "state", "about", "progress", "who", "ordered_at", "ticket")
    list_select_related = ("actor", "ending")
    ordering = ("-id",)
    search_help_text = _("The whole email address or user name of the person who ordered it.")
    fields = readonly_fields = (
        "about",
        "state",
        "note",
        "ticket",
        "who",
        "created_at",
        "happened_at",
        "approver",
        "ordered_at",
        "found_sessions",
        "found_people",
        "own",
        "progress",
        "ended",
        "failed",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        batches = "ending__batches"
        return (
            super()
            .get_queryset(request)
            .select_related("ending")
            .annotate(
                ended_so_far=Sum(f"{batches}__ended"),
                looked_at=Sum(f"{batches}__size", filter=Q(**{f"{batches}__done_at__isnull": False})),
                failed_so_far=Sum(f"{batches}__size", filter=Q(**{f"{batches}__failed_at__isnull": False})),
            )
        )

    def exactly(self, term: str) -> Q:
        return Q(actor_id__in=users_exactly(term))

    def has_order_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(ORDER_INCIDENT)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_order_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_order_permission(request)

    def get_urls(self) -> list[URLPattern]:
        def named(view: Any, name: str, route: str) -> URLPattern:
            return path(
                f"<int:pk>/{route}", self.admin_site.admin_view(view), name=f"sessions_ui_incident_{name}"
            )

        return [
            named(act_of_row(self.approve, "incident"), "approve", "approve/"),
            named(act_of_row(self.decline, "incident"), "decline", "decline/"),
            named(act_of_row(self.stop, "incident"), "stop", "stop/"),
            named(act_of_row(self.resume, "incident"), "resume", "resume/"),
            named(require_GET(self.result), "result", "result.<str:form>"),
            *super().get_urls(),
        ]

    # --- One that was ordered

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # Of the row that the fields below show: a worker may have gone on since it was read.
        context |= {"title": gettext("Incident"), **self._progress_of(request, kwargs["obj"])}
        return super().render_change_form(request, context, *args, **kwargs)

    def _progress_of(self, request: HttpRequest, incident: Any) -> dict[str, Any]:
        state, ending = incident.state, incident.ending
        total = ending.total if ending else 0
        done = min(incident.looked_at or 0, total)
        may = self.has_order_permission(request)
        waits = may and state is Incident.State.WAITING
        why_not = why_not_approved_by(request.user, incident) if waits else None
        can_approve = waits and why_not is None
        return {
            **(self._would_end(request, incident) if can_approve else {}),
            "incident": incident,
            "total": total,
            "done": done,
            "left": duration_text(time_for(total - done)) if state is Incident.State.RUNNING else "",
            "can_act": may and state in (*OPEN, Incident.State.WAITING),
            "can_approve": can_approve,
            "why_not": refused_text(IncidentRefused(why_not)) if why_not is not None else "",
            "can_decline": waits,
            "can_stop": may and state is Incident.State.RUNNING,
            "can_resume": may and state is Incident.State.STOPPED,
            "can_export": may and incident.ordered_at is not None,
        }

    def _would_end(self, request: HttpRequest, incident: Incident) -> dict[str, Any]:
        """Return what whoever may approve has to know: not what was counted when somebody asked for it, but what ends
        if it is approved now."""
        user: Any = request.user
        kept, criteria = kept_by_approval(incident, user), Criteria.from_json(incident.criteria)
        own = [pk for pk in kept_of(user, include_own=False) if pk not in kept]
        return {**told_counts(count_without(criteria, kept)), "includes_own": meet_any(criteria, own)}

    def approve(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return self._step(request, pk, approve_incident, gettext("Approved."))

    def decline(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return self._step(request, pk, decline_incident, gettext("Declined. Nothing was done."))

    def stop(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return self._step(
            request, pk, stop_incident, gettext("Stopped. The batch that is under way still finishes.")
        )

    def resume(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return self._step(request, pk, resume_incident, gettext("The incident continues."))

    def _step(self, request: HttpRequest, pk: int, action: Callable[..., Any], text: str) -> HttpResponseBase:
        if not self.has_order_permission(request):
            raise PermissionDenied
        incident = get_object_or_404(Incident, pk=pk)
        try:
            done = action(incident=incident, actor=request.user)
        except IncidentRefused as error:
            messages.error(request, refused_text(error))
        else:
            if done:
                messages.success(request, text)
            else:
                messages.warning(request, gettext("There was nothing to do."))
        return self._to(incident)

    def result(self, request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
        if not self.has_order_permission(request):
            raise PermissionDenied
        incident = get_object_or_404(Incident.objects.filter(ordered_at__isnull=False), pk=pk)
        if form not in FORMATS:
            return self._to(incident)
        pieces = export_incident(incident=incident, form=form, actor=request.user)
        name = f"incident-{incident.pk}.{form}"
        return download(request, pieces, name=name, content_type=FORMATS[form])

    # --- What is shown of each

    @admin.display(description=_("about"))
    def about(self, incident: Incident) -> str:
        words = Criteria.from_json(incident.criteria).in_words()
        return format_html_join(mark_safe("<br>"), "{}: {}", words)

    @admin.display(description=_("state"))
    def state(self, incident: Incident) -> str:
        return str(incident.state.label)

    @admin.display(description=_("ordered by"))
    def who(self, incident: Incident) -> str:
        return person(incident.actor, incident.actor_id)

    @admin.display(description=_("approved by"))
    def approver(self, incident: Incident) -> str:
        return person(incident.approved_by, incident.approved_by_id)

    # What was counted then; another number may have ended, since people sign in and out meanwhile.
    @admin.display(description=_("sign-ins and access tokens when requested"))
    def found_sessions(self, incident: Incident) -> int:
        return incident.sessions

    @admin.display(description=_("people when requested"))
    def found_people(self, incident: Incident) -> int:
        return incident.people

    @admin.display(description=_("own sign-in left out"), boolean=True)
    def own(self, incident: Incident) -> bool:
        return bool(incident.kept)

    @admin.display(description=_("progress"))
    def progress(self, incident: Any) -> str:
        if incident.ending is None:
            return ""
        return gettext("%(done)d of %(total)d") % {
            "done": incident.looked_at or 0,
            "total": incident.ending.total,
        }

    @admin.display(description=_("signed out"))
    def ended(self, incident: Any) -> int:
        return incident.ended_so_far or 0

    @admin.display(description=_("failed"))
    def failed(self, incident: Any) -> int:
        return incident.failed_so_far or 0
