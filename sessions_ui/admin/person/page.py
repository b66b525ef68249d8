"""The page of one person: devices, sign-ins and log, with a button for each act that the reader may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.admin.accounts.privacy import may_erase, may_export
from sessions_ui.admin.base import PersonField, is_key, person, person_url
from sessions_ui.admin.person.acts import ACTS, PersonAct
from sessions_ui.models import AccountState, Device, Event, Session
from sessions_ui.models.primary import all_users, with_users
from sessions_ui.user_model import is_active
from sessions_ui.wording.sessions import moment_text

SHOWN = 20  # devices and sign-ins
EVENTS = 30


class FindForm(forms.Form):
    who = PersonField(label=_("Person"), widget=forms.TextInput(attrs={"autofocus": True, "size": 40}))


@dataclass(frozen=True)
class Person:
    """Whose page it is. `user` is None where the account was deleted: what is kept of it can be looked at."""

    pk: Any
    user: Any

    @property
    def name(self) -> str:
        return person(self.user, self.pk)

    @property
    def term(self) -> str:
        """What the lists of the administration are searched by for this person."""
        return str(self.user.get_username()) if self.user is not None else ""

    @property
    def states(self) -> list[str]:
        """What is special about the account, in words."""
        if self.user is None:
            return []
        state = AccountState.objects.filter(pk=self.pk).first() or AccountState(pk=self.pk)
        said = {
            gettext("The account is disabled."): not is_active(self.user),
            gettext("The person has to choose a new password first."): state.password_required_at is not None,
            gettext("The account is being recovered."): state.recovering_since is not None,
        }
        texts = [text for text, holds in said.items() if holds]
        if state.ends_at is not None:
            texts.append(gettext("Access ends: %(when)s.") % {"when": moment_text(state.ends_at)})
        return texts


def person_of(pk: str) -> Person:
    """Return whom the address names; 404 where there is nobody and nothing is kept of anybody."""
    model: Any = get_user_model()
    if not is_key(model, key := unquote(pk)):
        raise Http404("No such account.")
    user = all_users().filter(pk=key).first()
    value = user.pk if user is not None else model._meta.pk.to_python(key)
    if user is None and not Session.objects.filter(user_id=value).exists():
        raise Http404("No such account.")
    return Person(value, user)


def find_person(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponseBase:
    """Ask for a name, and lead to the page of whoever has it. By GET, as the lists are searched: it only looks."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    form = FindForm(request.GET if "who" in request.GET else None)
    if form.is_valid():
        return HttpResponseRedirect(person_url(form.cleaned_data["who"].pk))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": gettext("Find a person"),
        "opts": model_admin.opts,
        "form": form,
    }
    return TemplateResponse(
        request, "sessions_ui/admin/person/find.html", context, status=422 if form.is_bound else 200
    )


def person_page(model_admin: admin.ModelAdmin, request: HttpRequest, pk: str) -> HttpResponseBase:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    who = person_of(pk)
    may = request.user.has_perm
    sessions = with_users(rows_of(who).select_related("device").with_containment(), "ended_by")
    devices: Any = (
        Device.objects.filter(user_id=who.pk).order_by("-id") if may("sessions_ui.view_device") else []
    )
    events: Any = log_of(who) if may("sessions_ui.view_event") else []
    context = {
        **model_admin.admin_site.each_context(request),
        "title": who.name,
        "opts": model_admin.opts,
        "who": who,
        "living": Session.objects.living().filter(user_id=who.pk).sign_ins().count(),
        "sessions": sessions[:SHOWN],
        "devices": list(devices[:SHOWN]),
        "events": list(events[:EVENTS]),
        "acts": [act for act in ACTS if act.is_offered(request, who.user)],
        "may_end": may("sessions_ui.change_session"),
        "may_offboard": who.user is not None and may("sessions_ui.add_offboarding"),
        "may_export": may_export(request),
        "may_erase": may_erase(request),
        "account_url": account_url(model_admin, request, who),
    }
    return TemplateResponse(request, "sessions_ui/admin/person/page.html", context)


def rows_of(who: Person) -> Any:
    """Return the sign-ins of the person, the newest first, without their secrets."""
    rows: Any = Session.objects.filter(user_id=who.pk, signed_in_at__isnull=False)
    rows = rows.exclude(kind=Session.Kind.TOKEN).order_by("-signed_in_at")
    return rows.defer("payload", "digest", "previous_digest", "auth_hash")


def log_of(who: Person) -> Any:
    events = Event.objects.filter(user_id=who.pk).exclude(kind=Event.Kind.DELIVERED).order_by("-id")
    return with_users(events, "actor").select_related("device")


def account_url(model_admin: admin.ModelAdmin, request: HttpRequest, who: Person) -> str:
    """Return the page of the host's own admin about the account, where there is one that the reader may see."""
    model = get_user_model()
    theirs = model_admin.admin_site._registry.get(model)
    if who.user is None or theirs is None or not theirs.has_view_or_change_permission(request, who.user):
        return ""
    meta = model._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[quote(str(who.pk))])
    except NoReverseMatch:
        return ""


def person_act(model_admin: Any, request: HttpRequest, pk: str, name: str) -> HttpResponseBase:
    """Say what the act does and ask why on GET; do it on POST."""
    who = person_of(pk)
    act = next((act for act in ACTS if act.name == name), None)
    if act is None:
        raise Http404("No such act.")
    if not model_admin.has_view_permission(request) or not act.is_offered(request, who.user):
        raise PermissionDenied
    form = act.form(request.POST or None)
    if form.is_valid():
        answer = act.carry_out(model_admin, request, who.user, form)
        if not form.errors:
            return answer or HttpResponseRedirect(person_url(who.pk))
    return _asked(model_admin, request, who, act, form)


def _asked(
    model_admin: admin.ModelAdmin, request: HttpRequest, who: Person, act: PersonAct, form: forms.Form
) -> HttpResponseBase:
    living = Session.objects.living().filter(user_id=who.pk)
    tokens = living.tokens().count()
    context = {
        **model_admin.admin_site.each_context(request),
        "title": act.question,
        "opts": model_admin.opts,
        "who": who,
        "back": person_url(who.pk),
        "act": act,
        "form": form,
        "sign_ins": living.count() - tokens,
        "tokens": tokens,
        "own": who.pk == request.user.pk,
    }
    status = 422 if form.is_bound else 200
    return TemplateResponse(request, "sessions_ui/admin/person/act.html", context, status=status)
