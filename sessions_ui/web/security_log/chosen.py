"""What somebody looks at in their security log: which events, of which days, and which page of them. It is the query
of the page's address, and goes along with its links and forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_ui.credentials import CredentialKind
from sessions_ui.database import moments
from sessions_ui.exceptions import OutOfRange
from sessions_ui.models import Event, Session
from sessions_ui.web.happened import validate_range
from sessions_ui.wording.security_log import GROUPS, UNTOLD, Group

PAGE_SIZE = 50
LARGEST_KEY = 2**63 - 1

OF_TOKEN = Q(kind=Event.Kind.ENDED, session__kind=Session.Kind.TOKEN) | Q(
    kind=Event.Kind.CREDENTIAL_CHANGED, data__credential=str(CredentialKind.TOKEN)
)
OTHER_CREDENTIALS = [str(kind) for kind in CredentialKind if kind is not CredentialKind.TOKEN]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which events: those of a group, from the beginning of a day to the end of another one, in the reader's time
    zone. Each may be left out."""

    group: Group | None = None
    since: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return self != Chosen()

    def events_of(self, user: Any) -> QuerySet[Event]:
        """Return them, of this person, with what a line says of each."""
        events = Event.objects.filter(user_id=user.pk).exclude(kind__in=list(UNTOLD))
        if self.group is not None:
            events = events.filter(_in_group(self.group, owner_id=user.pk))
        if self.since is not None:
            events = events.filter(at__gte=moments.day_begins(self.since))
        if self.until is not None and (end := _end_of(self.until)) is not None:
            events = events.filter(at__lt=end)
        return events.select_related("session__token", "device", "detail").defer("session__payload")

    @property
    def fields(self) -> dict[str, str]:
        """The same as the fields of the form."""
        said = {"kind": self.group or "", "since": self.since or "", "until": self.until or ""}
        return {name: str(value) for name, value in said.items() if value}

    @property
    def query(self) -> str:
        """The same as the query of an address; empty for everything."""
        return urlencode(self.fields)

    def turned(self, **to: int) -> str:
        """Return the query of another page of the same: `before` or `after` the event with this key."""
        return urlencode({**self.fields, **to})


def _in_group(group: Group, *, owner_id: Any) -> Q:
    if group is Group.SIGN_OUTS:
        return Q(kind=Event.Kind.ENDED) & ~Q(session__kind=Session.Kind.TOKEN)
    kinds = Q(kind__in=GROUPS[group])
    if group is Group.CREDENTIALS:
        others = Q(kind=Event.Kind.CREDENTIAL_CHANGED, data__credential__in=OTHER_CREDENTIALS)
        rest = [kind for kind in GROUPS[group] if kind != Event.Kind.CREDENTIAL_CHANGED]
        return Q(kind__in=rest) | others
    if group is Group.TOKENS:
        return kinds | OF_TOKEN
    if group is Group.STAFF:
        return kinds | (Q(actor_id__isnull=False) & ~Q(actor_id=owner_id))
    return kinds


def _end_of(day: date) -> datetime | None:
    """Return when the day is over; None for the last one there is."""
    try:
        return moments.day_begins(day + timedelta(days=1))
    except OutOfRange:
        return None


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label, required=False, input_formats=["%Y-%m-%d"], widget=widget, validators=[validate_range]
    )


class PlaceField(forms.IntegerField):
    """The key of an event at which a page begins. What is none is the newest page, and the reader is told so."""

    def __init__(self) -> None:
        super().__init__(required=False, min_value=0, max_value=LARGEST_KEY, widget=forms.HiddenInput)

    def clean(self, value: Any) -> int | None:
        try:
            key: int | None = super().clean(value)
        except ValidationError as error:
            raise ValidationError(
                _("There is no such page, so this is the newest one."), code="no_page"
            ) from error
        return key


class LogForm(forms.Form):
    """What the page is asked for. `chosen` and `page_of()` say what it shows; of what makes no sense, everything."""

    kind = forms.ChoiceField(label=gettext_lazy("Show"), required=False)
    since = _day(gettext_lazy("From"))
    until = _day(gettext_lazy("To"))
    before = PlaceField()
    after = PlaceField()

    def __init__(self, query: QueryDict) -> None:
        super().__init__(query)
        everything = ("", _("Everything"))
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            everything,
            *((group.value, group.label) for group in Group),
        ]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        since, until = said.get("since"), said.get("until")
        if since and until and since > until:
            raise ValidationError(_("The first day is after the last day."), code="order")
        return said

    @property
    def chosen(self) -> Chosen:
        if not self.is_valid():
            return Chosen()
        said = self.cleaned_data
        group = Group(said["kind"]) if said["kind"] else None
        return Chosen(group, said["since"], said["until"])

    def page_of(self, user: Any) -> Page:
        """Return the page that is asked for, in one SQL statement."""
        said = self.cleaned_data if self.is_valid() else {}
        return page_of(self.chosen, user, before=said.get("before"), after=said.get("after"))


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the log, the newest first, and the queries of the pages beside it; empty where there is none."""

    events: list[Event]
    newer: str = ""
    older: str = ""


def page_of(chosen: Chosen, user: Any, *, before: int | None = None, after: int | None = None) -> Page:
    """Return the newest events, those `before` the one with this key, or those that came right `after` it.

    A page begins where the other one ended, by the key of an event: what comes in meanwhile moves none of them.
    """
    events = chosen.events_of(user)
    if after is not None:
        found = list(events.filter(pk__gt=after).order_by("pk")[: PAGE_SIZE + 1])
        part = found[:PAGE_SIZE][::-1]
        has_newer, has_older = len(found) > PAGE_SIZE, True
    else:
        if before is not None:
            events = events.filter(pk__lt=before)
        found = list(events.order_by("-pk")[: PAGE_SIZE + 1])
        part = found[:PAGE_SIZE]
        has_newer, has_older = before is not None, len(found) > PAGE_SIZE
    if not part:
        return Page([])
    return Page(
        part,
        newer=chosen.turned(after=part[0].pk) if has_newer else "",
        older=chosen.turned(before=part[-1].pk) if has_older else "",
    )
