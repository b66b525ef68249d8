"""The number of sign-ins that somebody was shown, and has to type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.preview import Counts

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
    """What somebody was shown. `nonce`: it is ordered once, however often the form is sent. Of everyone, it would sign
    out again whoever has signed in since."""

    counts: Counts
    nonce: UUID


def seen(criteria: Criteria, counts: Counts, *, include_own: bool, nonce: UUID | None = None) -> str:
    """Return what somebody is shown, signed, so that what they confirm is this and no smaller number. `nonce`: of what
    they were shown before, where this is that once more."""
    numbers = [counts.sessions, counts.people, counts.tokens]
    return signing.dumps([criteria.to_json(), include_own, numbers, str(nonce or uuid4())], salt=SEEN)


def what_was_seen(text: str, criteria: Criteria, *, include_own: bool) -> Seen | None:
    """Return what somebody was shown for these criteria; None where that was too long ago, or another thing."""
    try:
        about, with_own, (sessions, people, tokens), once = signing.loads(text, salt=SEEN, max_age=SEEN_AGE)
        nonce = UUID(once)
    except (signing.BadSignature, TypeError, ValueError):  # or signed by a server of the old release
        return None
    # As the signature has them: a tuple is a list there.
    if Criteria.from_json(about) != criteria or with_own is not include_own:
        return None
    return Seen(Counts(sessions, people, tokens=tokens), nonce)
