"""Words for what was found odd about a sign-in."""

from __future__ import annotations

from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _

from sessions_ui.models import Session
from sessions_ui.risk import Reason
from sessions_ui.wording.sessions import ago


def reason_text(reason: Reason) -> str:
    texts = {
        Reason.NEW_DEVICE: _("a new device"),
        Reason.NEW_COUNTRY: _("a country you haven’t used before"),
        Reason.IMPOSSIBLE_TRAVEL: _("too far from your last sign-in to have travelled there since"),
        Reason.COPIED_COOKIE: _("something that identifies one of your devices turned up on another one"),
        Reason.LOST_DEVICE: _("a device that was reported lost"),
        Reason.NOT_ME_DEVICE: _("a device that you said you don’t recognise"),
        Reason.CHANGED_CLIENT: _("the browser or system changed after the sign-in"),
    }
    return texts[reason]


def reasons_text(session: Session) -> str:
    """Return "a new device and a country you haven’t used before"; empty where nothing was found."""
    found = [reason for reason in Reason if str(reason) in (session.verdict_reasons or ())]
    return get_text_list([reason_text(reason) for reason in found], _("and"))


def reasons_in_words(session: Session) -> str:
    """Return the line for "Needs a look": "A new device and a country you haven’t used before, signed in 3 h ago"."""
    return _("%(reasons)s, signed in %(ago)s") % {
        "reasons": capfirst(reasons_text(session)),
        "ago": ago(session.signed_in_at or session.created_at),
    }
