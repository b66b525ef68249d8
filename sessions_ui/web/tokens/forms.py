"""The forms of the pages about access tokens."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.signing import BadSignature, TimestampSigner
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sessions_ui.actions.tokens.create import MOST_CHARACTERS
from sessions_ui.actions.tokens.scopes import offered_scopes
from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.database import moments
from sessions_ui.exceptions import TokenRefusal
from sessions_ui.models.fields import new_public_id
from sessions_ui.web.happened import validate_range
from sessions_ui.wording.tokens import REFUSALS

DAYS = (7, 30, 90)
USUAL_DAYS = 30
OTHER = "date"
KEEP = "keep"
ONCE = "sessions_ui.new_token"
LONGEST_OPEN = timedelta(days=1)
# Of a text with a leaked token in it: enough for a line of a log or of a file.
MOST_REPORTED = 1000


class EndField(forms.ChoiceField):
    """Until when a token is valid: one of a few numbers of days that the settings allow, or a day of its own."""

    def __init__(self, *, keep: Any = "", **options: Any) -> None:
        super().__init__(widget=forms.RadioSelect, **options)
        self.keep = keep

    def offer(self, user: Any) -> None:
        """Set the choices that this person has."""
        longest = for_user(conf.token_max_age, user)
        allowed = [days for days in DAYS if longest is None or timedelta(days=days) <= longest]
        choices = [
            (str(days), ngettext("%(days)d day", "%(days)d days", days) % {"days": days}) for days in allowed
        ]
        kept = [(KEEP, self.keep)] if self.keep else []
        self.choices = [*kept, *choices, (OTHER, _("Until a day you choose"))]
        if not self.keep:
            usual = USUAL_DAYS if USUAL_DAYS in allowed else None
            self.initial = str(usual or (allowed[-1] if allowed else OTHER))


class EndForm(forms.Form):
    """What both forms ask: until when. `end()` is the answer."""

    ends = EndField(label=gettext_lazy("How long it is valid"))
    day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        validators=[validate_range],
    )

    def __init__(self, user: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        self.fields["ends"].offer(user)  # type: ignore[attr-defined]
        today, longest = moments.day_of(timezone.now()), for_user(conf.token_max_age, user)
        attributes = self.fields["day"].widget.attrs
        attributes["min"] = str(today)
        if longest is not None:
            attributes["max"] = str(today + longest)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        day = cleaned.get("day")
        if cleaned.get("ends") == OTHER and not self.errors.get("day"):
            if day is None:
                self.add_error("day", _("Choose the last day on which it is valid."))
            elif (day + timedelta(days=1)).year not in moments.YEARS:  # it ends when that day is over
                self.add_error("day", _("Choose an earlier day."))
        return cleaned

    def end(self) -> datetime | None:
        """Return when the token ends; None where it keeps the end that it has."""
        chosen = self.cleaned_data["ends"]
        if chosen == KEEP:
            return None
        if chosen == OTHER:
            return end_of_day(self.cleaned_data["day"], self.user)
        return moments.aware(timezone.now()) + timedelta(days=int(chosen))

    def refuse(self, reason: TokenRefusal) -> None:
        """Say what was wrong, at the field that it is about."""
        name, text = refusal_of(reason, self.user)
        self.add_error(name if name in self.fields else None, text)


def new_once() -> str:
    """Return a new public id, signed, for the form that makes a token."""
    return TimestampSigner(salt=ONCE).sign(new_public_id())


class OnceField(forms.CharField):
    """The public id that the new token gets: it is made with the form, so that a form that is sent twice makes one.

    It is signed, and good for a day, because whoever sends the form could choose it otherwise: that of a token that was
    purged, by which a server that was told of it knows another program. No token is purged while its form is good.
    """

    widget = forms.HiddenInput
    default_error_messages = {
        "over": gettext_lazy("This form was open for too long. Check it, then send it again.")
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=100, initial=new_once, **options)

    def clean(self, value: Any) -> str:
        signed = super().clean(value)
        try:
            return TimestampSigner(salt=ONCE).unsign(signed, max_age=min(LONGEST_OPEN, conf.retention))
        except BadSignature:
            raise forms.ValidationError(self.error_messages["over"], code="over") from None


class OnceForm(forms.Form):
    """A form that makes one token, however often it is sent."""

    once = OnceField()

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and "once" in self.errors:
            # Shown again with what was entered, and good for another day.
            sent: Any = self.data
            self.data = sent.copy()
            self.data[self.add_prefix("once")] = new_once()  # type: ignore[index]


class TokenForm(OnceForm, EndForm):
    """A new access token. `once` names it: a form that is sent twice makes one."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=MOST_CHARACTERS,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("What uses it, and where. For example: “Backup on the server”."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"), widget=forms.CheckboxSelectMultiple
    )
    agent = forms.CharField(
        label=gettext_lazy("The program that will act for you, if the token is for one"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("An assistant, for example. Leave this empty for something you run yourself."),
    )

    field_order = ("name", "scopes", "ends", "day", "agent", "once")

    def __init__(self, user: Any, *args: Any, **options: Any) -> None:
        super().__init__(user, *args, **options)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (name, str(text)) for name, text in offered_scopes(user).items()
        ]


class RenewForm(EndForm):
    """A new value for a token that is there. `hint` is of the value that it replaces: a form that is sent twice
    replaces one."""

    ends = EndField(label=gettext_lazy("How long it is valid"), keep=gettext_lazy("As long as before"))
    hint = forms.CharField(widget=forms.HiddenInput, max_length=8)


class SecretArea(forms.Textarea):
    """A text that no page repeats, whatever is wrong about it."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class LeakedForm(forms.Form):
    """A token that somebody has found, or a line of text with one in it."""

    token = forms.CharField(
        label=gettext_lazy("The token, or the line it’s in"),
        max_length=MOST_REPORTED,
        widget=SecretArea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false", "dir": "ltr"}),
    )
    where = forms.CharField(
        label=gettext_lazy("Where you found it, if you’d like to tell us"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def end_of_day(day: date, user: Any) -> datetime:
    """Return the last moment of a day, in the zone in which the person reads times; the longest there may be where the
    last day allowed is not over by then."""
    ends_at = moments.aware(moments.midnight(day + timedelta(days=1)))
    longest = for_user(conf.token_max_age, user)
    if longest is None:
        return ends_at
    latest = moments.aware(timezone.now()) + longest
    return min(ends_at, latest) if day <= moments.day_of(latest) else ends_at


def refusal_of(reason: TokenRefusal, user: Any) -> tuple[str, str]:
    """Return the field that a refusal is about, empty for none, and what people read."""
    longest = for_user(conf.token_max_age, user)
    days = longest.days if longest is not None else 0
    texts = {
        TokenRefusal.NO_NAME: ("name", _("Give it a name, so that you can recognise it.")),
        TokenRefusal.NO_SCOPE: ("scopes", _("Choose at least one thing that it may do.")),
        TokenRefusal.UNKNOWN_SCOPE: ("scopes", _("Choose what it may do from the list.")),
        TokenRefusal.WITHHELD_SCOPE: ("scopes", str(REFUSALS[TokenRefusal.WITHHELD_SCOPE])),
        TokenRefusal.NO_OWNER: ("", str(REFUSALS[TokenRefusal.NO_OWNER])),
        TokenRefusal.IN_THE_PAST: ("day", _("That day has passed. Choose a later one.")),
        TokenRefusal.TOO_LONG: (
            "day",
            ngettext(
                "It can be valid for %(days)d day at most.",
                "It can be valid for %(days)d days at most.",
                days,
            )
            % {"days": days},
        ),
        TokenRefusal.TOO_MANY: (
            "",
            _("You already have as many access tokens as you’re allowed. End one that you no longer use."),
        ),
        TokenRefusal.MADE_BEFORE: ("", _("This access token has already been created.")),
        TokenRefusal.BY_TOKEN: ("", _("An access token can’t create another access token.")),
    }
    # What a program may not do is told to no form of people.
    return texts.get(reason, ("", str(REFUSALS[reason])))
