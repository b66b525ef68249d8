"""Words about incidents: how long one takes, and why something is not possible."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions_ui.exceptions import IncidentRefusal, IncidentRefused


def duration_text(duration: timedelta) -> str:
    """Return "at once", "about 40 seconds" or "about 3 minutes": an estimate, rounded up."""
    seconds = ceil(duration.total_seconds())
    if seconds <= 0:
        return _("at once")
    if seconds < 60:
        return ngettext("about %(count)d second", "about %(count)d seconds", seconds) % {"count": seconds}
    minutes = ceil(seconds / 60)
    return ngettext("about %(count)d minute", "about %(count)d minutes", minutes) % {"count": minutes}


def refused_text(error: IncidentRefused) -> str:
    """Return the sentence for an `IncidentRefusal`."""
    texts = {
        IncidentRefusal.NOT_ALLOWED: _("You may not order incidents. Nothing was done."),
        IncidentRefusal.NO_REASON: _("Say why. Nothing was done."),
        IncidentRefusal.NO_CRITERIA: _("Say who has to sign in again: choose one criterion at least."),
        IncidentRefusal.EVERYONE_AND_MORE: _("Everyone is everyone: choose no other criterion with it."),
        IncidentRefusal.IN_THE_FUTURE: _("This time is still to come."),
        IncidentRefusal.NO_TIME: _("Nothing is between these two times."),
        IncidentRefusal.NO_NETWORK: _("This is neither an address nor a network."),
        IncidentRefusal.SAME_PERSON: _("Another administrator has to approve it, not you."),
        IncidentRefusal.NOT_WAITING: _("This incident waits for nobody any more. Nothing was done."),
        IncidentRefusal.APPROVAL_OVER: _("This order is too old to be approved. Give it again."),
    }
    return texts[error.reason]
