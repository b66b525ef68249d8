"""The form that says whom an incident is about, and why."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.admin.base import RowsField, users_exactly
from sessions_ui.exceptions import IncidentRefused
from sessions_ui.web.happened import validate_happened, validate_range
from sessions_ui.wording.incidents import refused_text


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
        help_text=_("Whole email addresses or user names, one per line."),
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
    )
    groups = RowsField(label=_("Groups"), required=False, queryset=Group.objects.none())
    organization_id = forms.CharField(label=_("Organization"), required=False, max_length=255)
    since = forms.DateTimeField(
        label=_("Signed in since"), required=False, widget=Moment(), validators=[validate_range]
    )
    before = forms.DateTimeField(
        label=_("Signed in before"), required=False, widget=Moment(), validators=[validate_range]
    )
    network = forms.CharField(
        label=_("Address or network"),
        required=False,
        max_length=64,
        help_text=_("192.0.2.7, 192.0.2.0/24 or 2001:db8::/48, at the sign-in or now."),
    )
    country = forms.CharField(
        label=_("Country"),
        required=False,
        max_length=2,
        help_text=_("Two letters, such as DE: the country of the sign-in."),
    )
    client = forms.CharField(
        label=_("Browser, app or system"),
        required=False,
        max_length=128,
        help_text=_("Its name, or any part of the user agent."),
    )
    method = forms.CharField(
        label=_("Sign-in method"),
        required=False,
        max_length=64,
        help_text=_("For example “password” or “passkey”, or the name of a sign-in provider."),
    )
    unconfirmed = forms.BooleanField(label=_("The device was never confirmed"), required=False)

    note = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("Kept in the history for administrators; the person doesn’t see it."),
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
    )
    ticket = forms.CharField(label=_("Ticket"), required=False, max_length=100)
    happened_at = forms.DateTimeField(
        label=_("When it happened"),
        required=False,
        widget=Moment(),
        validators=[validate_happened],
        help_text=_("When these sign-ins stopped being trustworthy, if you know it."),
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
        text = {name: said[name].strip() for name in ("organization_id", "network", "client", "method")}
        return Criteria(
            everyone=said["everyone"],
            staff=said["staff"],
            users=said["users"],
            groups=tuple(group.pk for group in said["groups"]),
            since=said["since"],
            before=said["before"],
            country=said["country"],
            unconfirmed=said["unconfirmed"],
            **text,
        )

    def why(self) -> dict[str, Any]:
        """Return what `order_incident()` is told besides."""
        names = ("note", "ticket", "happened_at", "include_own")
        return {name: self.cleaned_data[name] for name in names}
