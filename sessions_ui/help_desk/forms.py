"""The forms that an agent fills in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.help_desk.order import Order
from sessions_ui.conf import conf
from sessions_ui.models import Case
from sessions_ui.models.fields import PUBLIC_ID_ALPHABET, PUBLIC_ID_LENGTH
from sessions_ui.web.happened import HappenedField

NONCE_LENGTH = 32
MOMENT_LENGTH = 32  # of a moment as a browser sends it
MAX_CHOSEN = 200  # devices in one submission; "all" has no such limit


class SearchForm(forms.Form):
    term = forms.CharField(
        label=_("Email address, user name or staff number"),
        help_text=_("Enter it in full: part of it finds no account."),
        max_length=320,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class VerifyForm(forms.Form):
    """What is asked before any act: which call this is, and how it is known who is calling."""

    ticket = forms.CharField(label=_("Ticket number"), max_length=100)
    reason = forms.ChoiceField(label=_("What the call is about"), choices=[("", "—"), *Case.Reason.choices])
    ways = forms.MultipleChoiceField(
        label=_("How the caller was verified"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ways"].choices = list(conf.help_desk_ways.items())  # type: ignore[attr-defined]


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("The code that the caller reads back"),
        max_length=16,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class PublicIds(forms.Field):
    """Any number of public ids. Whose they are is checked when they are used: foreign ones match nothing. What is no
    such id is left out (PostgreSQL takes no NUL)."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> tuple[str, ...]:
        ids = (str(one) for one in value or [])
        return tuple(
            one for one in ids if len(one) == PUBLIC_ID_LENGTH and set(one) <= set(PUBLIC_ID_ALPHABET)
        )[:MAX_CHOSEN]


class OrderForm(forms.Form):
    """What should be done. The same form is on the case page and, hidden, on the review page."""

    device = PublicIds(required=False)
    lost = forms.BooleanField(required=False)
    everything = forms.BooleanField(required=False)
    new_password = forms.BooleanField(required=False)
    recovery = forms.BooleanField(required=False)
    happened_at = HappenedField()
    nonce = forms.CharField(required=False, min_length=NONCE_LENGTH, max_length=NONCE_LENGTH)

    def order(self) -> Order:
        cleaned = self.cleaned_data
        return Order(
            chosen=cleaned["device"],
            lost=cleaned["lost"],
            everything=cleaned["everything"],
            new_password=cleaned["new_password"],
            recovery=cleaned["recovery"],
            happened_at=cleaned["happened_at"],
        )


def entered_in(given: QueryDict) -> dict[str, Any]:
    """Return what the agent has entered in the form that came, for the page to show it again. `of`: which of the two
    forms of a case it was, that of what is "selected" or that of "all"."""
    form = OrderForm(given)
    form.is_valid()
    cleaned = form.cleaned_data
    return {
        "of": "all" if cleaned["everything"] else "selected",
        "selected": list(cleaned["device"]),
        **{name: cleaned[name] for name in ("lost", "new_password", "recovery")},
        "happened_at": given.get("happened_at", "").replace("\0", "")[:MOMENT_LENGTH],
    }


def is_typed_right(typed: str, name: str) -> bool:
    """Return whether the user's name was typed, as "Sign out all" asks for."""
    return constant_time_compare(typed.strip().casefold(), name.casefold())
