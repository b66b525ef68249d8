"""The number of sign-ins that somebody was shown, and has to type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.preview import Counts
from sessions_ui.database import moments
from sessions_ui.models import Incident
from sessions_ui.protocols import HasPk

SEEN = "sessions_ui.incident.seen"  # the salt of what somebody was shown
SEEN_AGE = 3600  # seconds; then they are shown it again


class ConfirmationForm(forms.Form):
    """The number of sign-ins, typed by whoever has read it."""

    typed = forms.CharField(
        label=_("Type the number of sign-ins to confirm"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, expected: Counts, **options: Any) -> None:
        super().__init__(*args, **options)
        self.expected = expected.sessions
        if expected.tokens:
            self.fields["typed"].label = _("Type the number of all that ends to confirm")

    def clean_typed(self) -> str:
        digits = "".join(filter(str.isdecimal, self.cleaned_data["typed"]))
        if not digits or int(digits) != self.expected:
            raise forms.ValidationError(_("That is not the number above. Nothing was done."))
        return digits


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody was shown, and when."""

    counts: Counts
    at: datetime


def seen(criteria: Criteria, counts: Counts, *, include_own: bool) -> str:
    """Return what somebody is shown, signed, so that what they confirm is this and no smaller number."""
    numbers = [counts.sessions, counts.people, counts.tokens]
    at = moments.aware(timezone.now()).isoformat()
    return signing.dumps([criteria.to_json(), include_own, numbers, at], salt=SEEN)


def what_was_seen(text: str, criteria: Criteria, *, include_own: bool) -> Seen | None:
    """Return what somebody was shown for these criteria; None where that was too long ago, or another thing."""
    try:
        about, with_own, (sessions, people, tokens), at = signing.loads(text, salt=SEEN, max_age=SEEN_AGE)
    except (signing.BadSignature, TypeError, ValueError):  # or signed by a server of the old release
        return None
    # As the signature has them: a tuple is a list there.
    if Criteria.from_json(about) != criteria or with_own is not include_own:
        return None
    return Seen(Counts(sessions, people, tokens=tokens), moments.stored(datetime.fromisoformat(at)))


def ordered_since(seen: Seen, criteria: Criteria, actor: HasPk) -> Incident | None:
    """Return what this person has ordered by these criteria since they were shown that; None where they have not.

    Of everyone, a form that is sent again would sign out again whoever has signed in since.
    """
    since = Incident.objects.filter(actor_id=actor.pk, created_at__gte=seen.at).order_by("-pk")
    return next((each for each in since if Criteria.from_json(each.criteria) == criteria), None)
