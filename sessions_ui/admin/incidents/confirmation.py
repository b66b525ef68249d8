"""Incidents: say who has to sign in again, look at what comes of it, order it, and see how far it has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from sessions_ui.actions.incidents.approve import approve_incident, decline_incident
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.incidents.preview import Counts, Preview, preview_incident, time_for
from sessions_ui.actions.incidents.result import FORMATS, export_incident
from sessions_ui.actions.incidents.rights import ORDER_INCIDENT
from sessions_ui.actions.incidents.stop import resume_incident, stop_incident
from sessions_ui.admin.base import ReadOnlyAdmin, person, users_exactly
from sessions_ui.database import moments
from sessions_ui.exceptions import IncidentRefused
from sessions_ui.models import Incident
from sessions_ui.web.responses.files import download
from sessions_ui.wording.incidents import duration_text, refused_text

SEEN = "sessions_ui.incident.seen"  # the salt of what somebody was shown
OPEN = (Incident.State.RUNNING, Incident.State.STOPPED)
SEEN_AGE = 3600  # seconds; then they are shown it again


class Moment(forms.DateTimeInput):
    """A field for date and time that the browser knows, with one label. Django's two fields have one between them."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class IncidentForm(forms.Form):
    """Who, when, where, and why. Each criterion that is filled in counts, and a sign-in meets all of them."""

    everyone = forms.BooleanField(label=_("Everyone, staff included"), required=False)
    staff = forms.BooleanField(label=_("Staff"), required=False)
    users = forms.CharField(
        label=_("People"),
        required=False,
        help_text=_("Whole e-mail addresses or user names, one a line."),
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
    )
    groups = forms.ModelMultipleChoiceField(label=_("Groups"), required=False, queryset=Group.objects.none())
    organization_id = forms.CharField(label=_("Organization"), required=False, max_length=255)
    since = forms.DateTimeField(label=_("Signed in since"), required=False, widget=Moment())
    before = forms.DateTimeField(label=_("Signed in before"), required=False, widget=Moment())
    network = forms.CharField(
        label=_("Address or network"),
        required=False,
        max_length=64,
        help_text=_("192.0.2.7, 192.0.2.0/24 or 2001:db8::/48: of the sign-in, or now."),
    )
    country = forms.CharField(
        label=_("Country"),
        required=False,
        max_length=2,
        help_text=_("Two letters, as in DE: that of the sign-in."),
    )
    client = forms.CharField(
        label=_("Browser, app or system"),
        required=False,
        max_length=128,
        help_text=_("Its name, or any part of the user agent."),
    )
    method = forms.CharField(
        label=_("Way of signing in"),
        required=False,
        max_length=64,
        help_text=_("“password”, “passkey” and the like, or the name of a sign-in provider."),
    )
    unconfirmed = forms.BooleanField(label=_("The device was never confirmed"), required=False)

    note = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("Kept in the history for administrators; the person does not see it."),
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
    )
    ticket = forms.CharField(label=_("Ticket"), required=False, max_length=100)
    happened_at = forms.DateTimeField(
        label=_("When it happened"),
        required=False,
        widget=Moment(),
        help_text=_("Since when these sign-ins were not to be trusted, where you know it."),
    )
    include_own = forms.BooleanField(label=_("Sign me out, too"), required=False)

    SECTIONS = (
        (_("Who"), ("everyone", "staff", "users", "groups", "organization_id")),
        (_("When"), ("since", "before")),
        (_("Where and how"), ("network", "country", "client", "method", "unconfirmed")),
        (_("Why"), ("note", "ticket", "happened_at", "include_own")),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        groups: Any = self.fields["groups"]
        groups.queryset = Group.objects.order_by("name")

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(str(title), [self[name] for name in names]) for title, names in self.SECTIONS]

    def clean_users(self) -> tuple[str, ...]:
        """Return the primary keys of the people, one for each line."""
        keys: list[str] = []
        unknown: list[str] = []
        for name in filter(None, map(str.strip, self.cleaned_data["users"].splitlines())):
            found = users_exactly(name)
            keys += map(str, found) if len(found) == 1 else ()
            unknown += [name] if len(found) != 1 else []
        if unknown:
            raise forms.ValidationError(
                _("No account matches exactly: %(names)s."), params={"names": ", ".join(unknown)}
            )
        return tuple(dict.fromkeys(keys))

    def clean_country(self) -> str:
        return self.cleaned_data["country"].upper()

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                self.criteria().verify()
            except IncidentRefused as error:
                raise forms.ValidationError(refused_text(error)) from error
        return self.cleaned_data

    def criteria(self) -> Criteria:
        said = self.cleaned_data
        moment: dict[str, Any] = {
            name: said[name] and moments.stored(said[name]) for name in ("since", "before")
        }
        text = {name: said[name].strip() for name in ("organization_id", "network", "client", "method")}
        return Criteria(
            everyone=said["everyone"],
            staff=said["staff"],
            users=said["users"],
            groups=tuple(group.pk for group in said["groups"]),
            country=said["country"],
            unconfirmed=said["unconfirmed"],
            **moment,
            **text,
        )

    def why(self) -> dict[str, Any]:
        """Return what `order_incident()` is told besides."""
        names = ("note", "ticket", "happened_at", "include_own")
        return {name: self.cleaned_data[name] for name in names}


class ConfirmationForm(forms.Form):
    """The number of sign-ins, typed by whoever has read it."""

    typed = forms.CharField(
        label=_("Type the number of sign-ins to confirm"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, expected: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.expected = expected

    def clean_typed(self) -> str:
        digits = "".join(filter(str.isdecimal, self.cleaned_data["typed"]))
        if not digits or int(digits) != self.expected:
            raise forms.ValidationError(_("That is not the number above. Nothing was done."))
        return digits


def seen(criteria: Criteria, counts: Counts) -> str:
    """Return what somebody was shown, signed, so that what they confirm is this and no smaller number."""
    return signing.dumps([criteria.to_json(), counts.sessions, counts.people], salt=SEEN)


def counts_seen(text: str, criteria: Criteria) -> Counts | None:
    """Return the numbers that somebody was shown for these criteria; None where that was too long ago, or another
    thing."""
    try:
        about, sessions, people = signing.loads(text, salt=SEEN, max_age=SEEN_AGE)
    except (signing.BadSignature, ValueError):
        return None
    # As the signature has them: a tuple is a list there.
    return Counts(sessions, people) if Criteria.from_json(about) == criteria else None


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """The incidents. To look at them is a permission, to order, approve, stop and export one is another
    (`order_incident`)."""

    change_form_template = "sessions_ui/admin/incident.html"
    list_display = ("created_at", "about", "state", "progress", "who", "ordered_at", "ticket")
    list_select_related = ("actor", "ending")
    ordering = ("-id",)
    search_help_text = _("The whole e-mail address or user name of who ordered it.")
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
        "sessions",
        "people",
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
            named(require_POST(self.approve), "approve", "approve/"),
            named(require_POST(self.decline), "decline", "decline/"),
            named(require_POST(self.stop), "stop", "stop/"),
            named(require_POST(self.resume), "resume", "resume/"),
            named(require_GET(self.result), "result", "result.<str:form>"),
            *super().get_urls(),
        ]

    # --- Ordering one: the form, the preview with the number to type, the order

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = IncidentForm(request.POST if request.method == "POST" else None)
        if not form.is_valid() or "edit" in request.POST:
            return self._page(request, "incident_form", gettext("Sign out many people"), form=form)
        criteria = form.criteria()
        counts = counts_seen(request.POST.get("seen", ""), criteria) if "confirmed" in request.POST else None
        if counts is None:
            return self._preview(request, form, criteria)
        confirmation = ConfirmationForm(request.POST, expected=counts.sessions)
        if not confirmation.is_valid():
            return self._preview(request, form, criteria, confirmation)
        incident = order_incident(criteria=criteria, actor=request.user, counts=counts, **form.why())
        self._tell_of_order(request, incident)
        return self._to(incident)

    def _preview(
        self,
        request: HttpRequest,
        form: IncidentForm,
        criteria: Criteria,
        confirmation: ConfirmationForm | None = None,
    ) -> HttpResponse:
        preview = preview_incident(criteria=criteria, actor=request.user)
        if confirmation is None or confirmation.expected != preview.counts.sessions:
            confirmation = ConfirmationForm(expected=preview.counts.sessions)
        return self._page(
            request,
            "incident_preview",
            gettext("Sign out many people: are you sure?"),
            form=form,
            confirmation=confirmation,
            words=criteria.in_words(),
            seen=seen(criteria, preview.counts),
            is_own_kept=preview.counts.includes_own and not form.cleaned_data["include_own"],
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
                request, gettext("Nothing is in force yet: another administrator has to approve it.")
            )
        elif incident.rule:
            messages.success(request, gettext("In force: all of these are signed out. The list follows."))
        else:
            messages.success(request, gettext("Ordered. These are signed out batch by batch."))

    # --- One that was ordered

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        incident = self.get_object(request, object_id)
        context = {"title": gettext("Incident"), **(extra_context or {})}
        if incident is not None:
            context |= self._progress_of(request, incident)
        return super().change_view(request, object_id, form_url, context)

    def _progress_of(self, request: HttpRequest, incident: Any) -> dict[str, Any]:
        state, ending = incident.state, incident.ending
        total = ending.total if ending else 0
        done = min(incident.looked_at or 0, total)
        may = self.has_order_permission(request)
        waits = may and state is Incident.State.WAITING
        return {
            "incident": incident,
            "total": total,
            "done": done,
            "left": duration_text(time_for(total - done)) if state is Incident.State.RUNNING else "",
            "can_act": may and state in (*OPEN, Incident.State.WAITING),
            "can_approve": waits and incident.actor_id != request.user.pk,
            "can_decline": waits,
            "can_stop": may and state is Incident.State.RUNNING,
            "can_resume": may and state is Incident.State.STOPPED,
            "can_export": may and incident.ordered_at is not None,
        }

    def approve(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return self._step(request, pk, approve_incident, gettext("Approved."))

    def decline(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return self._step(request, pk, decline_incident, gettext("Declined. Nothing was done."))

    def stop(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return self._step(request, pk, stop_incident, gettext("Stopped after the batch that is under way."))

    def resume(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return self._step(request, pk, resume_incident, gettext("It goes on."))

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

    @staticmethod
    def _to(incident: Incident) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:sessions_ui_incident_change", args=[incident.pk]))

    # --- What is shown of each

    @admin.display(description=_("about"))
    def about(self, incident: Incident) -> str:
        words = Criteria.from_json(incident.criteria).in_words()
        return format_html_join(mark_safe("<br>"), "{}: {}", words)

    @admin.display(description=_("state"))
    def state(self, incident: Incident) -> str:
        return str(incident.state.label)

    @admin.display(description=_("by"))
    def who(self, incident: Incident) -> str:
        return person(incident.actor, incident.actor_id)

    @admin.display(description=_("approved by"))
    def approver(self, incident: Incident) -> str:
        return person(incident.approved_by, incident.approved_by_id)

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


def _told(preview: Preview) -> dict[str, Any]:
    """Return what the page says of a preview."""
    return {
        "count": preview.counts.sessions,
        "people": preview.counts.people,
        "includes_own": preview.counts.includes_own,
        "examples": preview.examples,
        "at_once": not preview.in_force_after and preview.counts.sessions > 0,
        "in_force": duration_text(preview.in_force_after),
        "done": duration_text(preview.done_after),
        "needs_approval": preview.needs_approval,
    }
