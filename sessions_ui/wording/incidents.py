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
        IncidentRefusal.NOT_ALLOWED: _("You aren’t allowed to order incidents. Nothing was done."),
        IncidentRefusal.NO_REASON: _("Say why. Nothing was done."),
        IncidentRefusal.NO_CRITERIA: _("Say who has to sign in again: choose at least one criterion."),
        IncidentRefusal.EVERYONE_AND_MORE: _(
            "“Everyone” already covers everybody. Leave out the other criteria."
        ),
        IncidentRefusal.IN_THE_FUTURE: _("This time is in the future."),
        IncidentRefusal.NO_TIME: _("The end of the period has to be later than its start."),
        IncidentRefusal.NO_NETWORK: _("This is neither an address nor a network."),
        IncidentRefusal.SAME_PERSON: _(
            "Another administrator has to approve this: you can’t approve your own order."
        ),
        IncidentRefusal.NOT_WAITING: _("This incident is no longer waiting for approval. Nothing was done."),
        IncidentRefusal.ORDERER_LEFT: _(
            "Whoever ordered this isn’t allowed to order incidents any more. Order it yourself. Nothing was done."
        ),
        IncidentRefusal.ORDERED_BEFORE: _("This has already been ordered. Nothing was done just now."),
        IncidentRefusal.APPROVAL_OVER: _("This order is too old to be approved. Order it again."),
    }
    return texts[error.reason]
