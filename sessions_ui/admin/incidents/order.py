"""Ordering an incident: the form, the preview with the number to type, the order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.incidents.preview import Counts, Preview, preview_incident
from sessions_ui.admin.base import ReadOnlyAdmin
from sessions_ui.admin.incidents.confirmation import ConfirmationForm, seen, what_was_seen
from sessions_ui.admin.incidents.forms import IncidentForm
from sessions_ui.exceptions import IncidentRefusal, IncidentRefused
from sessions_ui.models import Incident
from sessions_ui.wording.incidents import duration_text, refused_text
from sessions_ui.wording.tokens import ended_count


class OrderAdmin(ReadOnlyAdmin):
    """The page "Add" of the incidents."""

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = IncidentForm(request.POST if request.method == "POST" else None)
        if not form.is_valid() or "edit" in request.POST:
            return self._page(request, "incident_form", gettext("Sign out many people"), form=form)
        criteria = form.criteria()
        given, own = request.POST.get("seen", ""), form.cleaned_data["include_own"]
        shown = what_was_seen(given, criteria, include_own=own) if "confirmed" in request.POST else None
        if shown is None:
            return self._preview(request, form, criteria)
        confirmation = ConfirmationForm(request.POST, expected=shown.counts)
        if not confirmation.is_valid():
            return self._preview(request, form, criteria, confirmation, nonce=shown.nonce)
        user: Any = request.user
        try:
            incident = order_incident(
                criteria=criteria, actor=user, counts=shown.counts, nonce=shown.nonce, **form.why()
            )
        except IncidentRefused as error:
            if error.reason is IncidentRefusal.ORDERED_BEFORE:
                messages.info(request, refused_text(error))
                return self._to(Incident.objects.get(nonce=shown.nonce))
            form.add_error(None, refused_text(error))
            return self._page(request, "incident_form", gettext("Sign out many people"), form=form)
        self._tell_of_order(request, incident)
        return self._to(incident)

    def _preview(
        self,
        request: HttpRequest,
        form: IncidentForm,
        criteria: Criteria,
        confirmation: ConfirmationForm | None = None,
        nonce: UUID | None = None,
    ) -> HttpResponse:
        include_own = form.cleaned_data["include_own"]
        preview = preview_incident(criteria=criteria, actor=request.user, include_own=include_own)
        if confirmation is None or confirmation.expected != preview.counts.sessions:
            confirmation = ConfirmationForm(expected=preview.counts)
        return self._page(
            request,
            "incident_preview",
            gettext("Sign out many people: are you sure?"),
            form=form,
            confirmation=confirmation,
            words=criteria.in_words(),
            seen=seen(criteria, preview.counts, include_own=include_own, nonce=nonce),
            is_own_kept=preview.counts.includes_own and not include_own,
            **_told(preview),
        )

    def _page(self, request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
        return TemplateResponse(
            request,
            f"sessions_ui/admin/{name}.html",
            {
                **self.admin_site.each_context(request),
                "title": title,
                "opts": self.opts,
                **context,
            },
        )

    def _tell_of_order(self, request: HttpRequest, incident: Incident) -> None:
        if incident.state is Incident.State.WAITING:
            messages.warning(
                request,
                gettext("Nothing is in force yet: another administrator has to approve the incident."),
            )
        elif incident.rule:
            messages.success(
                request,
                gettext("In force: all of these are signed out. The history is being brought up to date."),
            )
        else:
            messages.success(request, gettext("Ordered. These are being signed out in batches."))

    @staticmethod
    def _to(incident: Incident) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:sessions_ui_incident_change", args=[incident.pk]))


def told_counts(counts: Counts) -> dict[str, Any]:
    """Return what `_will_be_ended.html` says of how many end."""
    return {
        "count": counts.sessions,
        "users": counts.people,
        "tokens": counts.tokens,
        "what": ended_count(counts.sessions - counts.tokens, counts.tokens),
    }


def _told(preview: Preview) -> dict[str, Any]:
    """Return what the page says of a preview."""
    return {
        **told_counts(preview.counts),
        "includes_own": preview.counts.includes_own,
        "examples": preview.examples,
        "at_once": not preview.in_force_after and preview.counts.sessions > 0,
        "in_force": duration_text(preview.in_force_after),
        "done": duration_text(preview.done_after),
        "needs_approval": preview.needs_approval,
    }
