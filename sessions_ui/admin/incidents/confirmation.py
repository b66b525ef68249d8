"""The number of sign-ins that somebody was shown, and has to type."""

from __future__ import annotations

from typing import Any

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


def seen(criteria: Criteria, counts: Counts, *, include_own: bool) -> str:
    """Return what somebody was shown, signed, so that what they confirm is this and no smaller number."""
    numbers = [counts.sessions, counts.people, counts.tokens]
    return signing.dumps([criteria.to_json(), include_own, numbers], salt=SEEN)


def counts_seen(text: str, criteria: Criteria, *, include_own: bool) -> Counts | None:
    """Return the numbers that somebody was shown for these criteria; None where that was too long ago, or another
    thing."""
    try:
        about, with_own, (sessions, people, tokens) = signing.loads(text, salt=SEEN, max_age=SEEN_AGE)
    except (signing.BadSignature, TypeError, ValueError):  # or signed by a server of the old release
        return None
    # As the signature has them: a tuple is a list there.
    is_the_same = Criteria.from_json(about) == criteria and with_own is include_own
    return Counts(sessions, people, tokens=tokens) if is_the_same else None
