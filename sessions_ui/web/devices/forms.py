"""The forms in which people type or choose something."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.sessions.unused import offered
from sessions_ui.conf.endings import NEVER, UNUSED_MONTHS
from sessions_ui.models import AccountState, Device
from sessions_ui.wording.unused import choice_text


class RenameForm(forms.Form):
    """The name of a device. An empty one removes the device's own name."""

    name = forms.CharField(
        label=_("Name of this device"), required=False, max_length=Device._meta.get_field("name").max_length
    )


class UnusedForm(forms.Form):
    """After how many months what somebody does not use is signed out."""

    months = forms.TypedChoiceField(choices=[(months, months) for months in UNUSED_MONTHS], coerce=int)


def unused_choices(user: Any) -> list[tuple[int, str, bool]]:
    """Return what this user may choose from, each in words, and whether it is the choice now. None where the limits of
    the site end everything sooner. One SQL statement, where there is something to choose."""
    months = offered(user)
    if not months:
        return []
    now = AccountState.objects.unused_months_of(user.pk)
    return [(each, choice_text(each), each == now) for each in (NEVER, *months)]
