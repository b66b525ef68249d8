"""One person's data in the administration: hand it out, erase it (docs/privacy.md)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.help_desk.find_user import users_exactly
from sessions_ui.actions.privacy.erase import erase
from sessions_ui.actions.privacy.export import TooMuch, export_for_page
from sessions_ui.admin.base import person
from sessions_ui.bridges.rows import key_of
from sessions_ui.conf import conf
from sessions_ui.models import Session
from sessions_ui.models.primary import all_users
from sessions_ui.web.privacy.own_data import CONTENT_TYPE
from sessions_ui.web.responses.files import as_file

# Whoever may look at each of these gets them together; nobody deletes rows of them otherwise.
TO_EXPORT = tuple(
    f"sessions_ui.view_{name}" for name in ("session", "device", "event", "eventdetail", "delivery")
)
TO_ERASE = tuple(f"sessions_ui.delete_{name}" for name in ("session", "device", "eventdetail"))


class PersonForm(forms.Form):
    """Who is meant; `cleaned_data["person"]` is an instance of the user model with nothing but its primary key."""

    name = forms.CharField(
        label=_("Email address or user name"),
        help_text=_("Enter it in full: part of it finds no account."),
        required=False,
    )
    key = forms.CharField(
        label=_("Or the account number"),
        help_text=_("You can also enter the number of a deleted account."),
        required=False,
    )
    ticket = forms.CharField(
        label=_("Ticket"),
        help_text=_("Kept in the history, with the event of the erasure."),
        max_length=100,
        required=False,
    )
    again = forms.CharField(label=_("Type the account number to confirm"), required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        if self.errors:
            return given
        if bool(given["name"]) == bool(given["key"]):
            raise ValidationError(_("Fill in one of the two, not both."))
        model: Any = get_user_model()
        if given["name"]:
            found = users_exactly(given["name"])
            if len(found) != 1:
                raise ValidationError({"name": _("No account has exactly this name or address.")})
            return {**given, "person": model(pk=found[0])}
        if (key := key_of(model._meta.pk, given["key"])) is None:
            raise ValidationError({"key": _("No account has this number.")})
        return {**given, "person": model(pk=key)}


def person_data(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponseBase:
    """Show the form, and do what was chosen: download, or erase, which is asked for twice."""
    if not may_export(request) and not may_erase(request):
        raise PermissionDenied
    form = PersonForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(model_admin, request, form)
    if "erase" in request.POST:
        return _erase(model_admin, request, form)
    return _export(model_admin, request, form)


def may_export(request: HttpRequest) -> bool:
    return request.user.has_perms(TO_EXPORT)


def may_erase(request: HttpRequest) -> bool:
    return request.user.has_perms(TO_ERASE)


def _export(model_admin: admin.ModelAdmin, request: HttpRequest, form: PersonForm) -> HttpResponseBase:
    if not may_export(request):
        raise PermissionDenied
    who = form.cleaned_data["person"]
    try:
        content = export_for_page(user=who, actor=request.user, for_owner=False)
    except TooMuch:
        text = gettext(
            "There is too much for one page (limit: %(count)d). Use “manage.py privacy export” to write it to a file."
        )
        form.add_error(None, text % {"count": conf.export_max_rows})
        return _page(model_admin, request, form)
    return as_file(content, name="personal-data.json", content_type=CONTENT_TYPE)


def _erase(model_admin: admin.ModelAdmin, request: HttpRequest, form: PersonForm) -> HttpResponseBase:
    if not may_erase(request):
        raise PermissionDenied
    who = form.cleaned_data["person"]
    if form.cleaned_data["again"] != str(who.pk):
        if "again" in request.POST:
            form.add_error("again", gettext("That’s a different number. Nothing was erased."))
        return _page(model_admin, request, form, asks_about=who)
    done = erase(user=who, actor=request.user, ticket=form.cleaned_data["ticket"])
    text = ngettext(
        "Erased: %(count)d row. What is still needed is removed automatically later, and the events stay.",
        "Erased: %(count)d rows. What is still needed is removed automatically later, and the events stay.",
        done.total,
    )
    messages.success(request, text % {"count": done.total})
    return HttpResponseRedirect(request.path)


def _page(
    model_admin: admin.ModelAdmin, request: HttpRequest, form: PersonForm, *, asks_about: Any = None
) -> TemplateResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": gettext("What is stored about a person"),
        "opts": model_admin.opts,
        "form": form,
        "may_export": may_export(request),
        "may_erase": may_erase(request),
        "asks": asks_about is not None,
    }
    if asks_about is not None:
        account = all_users().filter(pk=asks_about.pk).first()
        context |= {
            "who": person(account, asks_about.pk),
            "key": asks_about.pk,
            "living": Session.objects.living().filter(user_id=asks_about.pk).count(),
        }
    return TemplateResponse(request, "sessions_ui/admin/person_data.html", context)
