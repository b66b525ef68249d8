"""When trust ended, as staff enter it in a form."""

from __future__ import annotations

from datetime import date, datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.endings.happened import verify_happened
from sessions_ui.database import moments
from sessions_ui.exceptions import NotYetHappened, OutOfRange

LABEL = _("Since when")
HELP_TEXT = _(
    "When access should have ended, if that was before now: for example the day they left, or when "
    "the device was lost. You can leave this empty."
)


def validate_range(moment: date) -> None:
    """Raise `ValidationError` for a moment, or a day, that nobody can have meant."""
    try:
        moments.verify_range(moment)
    except OutOfRange as error:
        raise ValidationError(_("Choose a year from 1970 to 8999."), code="range") from error


def validate_happened(moment: datetime) -> None:
    """Raise `ValidationError` for a moment that is still to come, or that nobody can have meant."""
    validate_range(moment)
    try:
        verify_happened(moment)
    except NotYetHappened as error:
        raise ValidationError(_("That’s still in the future."), code="future") from error


class HappenedField(forms.DateTimeField):
    """A moment that is over, or nothing."""

    default_validators = [validate_happened]

    def __init__(self) -> None:
        super().__init__(
            label=LABEL,
            help_text=HELP_TEXT,
            required=False,
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        )
