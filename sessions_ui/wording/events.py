"""Words for what has been done to a device or an access token, as its owner reads it."""

from __future__ import annotations

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from sessions_ui.credentials import CredentialChange
from sessions_ui.models import Event, Session
from sessions_ui.wording.sessions import ended_text

# What the owner is told; the rest is for administrators.
HISTORY_KINDS = (
    Event.Kind.SIGNED_IN,
    Event.Kind.ADOPTED,
    Event.Kind.ENDED,
    Event.Kind.DEVICE_RENAMED,
    Event.Kind.DEVICE_LOST,
    Event.Kind.DEVICE_FOUND,
    Event.Kind.DEVICE_CONFIRMED,
    Event.Kind.FLAGGED,
    Event.Kind.NOT_ME,
)


# The same of an access token.
TOKEN_KINDS = (Event.Kind.CREDENTIAL_CHANGED, Event.Kind.ENDED, Event.Kind.TOKEN_EXPIRES)


def token_event_text(event: Event, viewer: Any) -> str:
    """Return what happened to an access token, as "Ended by you"."""
    if event.kind == Event.Kind.ENDED:
        how = ended_text(
            Session(kind=Session.Kind.TOKEN, end_reason=event.reason, ended_by_id=event.actor_id), viewer
        )
        return _("Ended %(how)s") % {"how": how}
    if event.kind == Event.Kind.TOKEN_EXPIRES:
        return _("We told you that it ends soon")
    if event.data.get("change") == CredentialChange.ADDED:
        return _("Created")
    if "only_end" in event.data:
        return _("Given another end")
    return _("Renewed")


def event_text(event: Event, viewer: Any) -> str:
    """Return what happened, as "Signed out by you, from another device"; never a name of staff, nor what an agent
    noted."""
    if event.kind == Event.Kind.ENDED:
        how = ended_text(Session(end_reason=event.reason, ended_by_id=event.actor_id), viewer)
        return _("Signed out %(how)s") % {"how": how}
    phrases: dict[str, str] = {
        Event.Kind.SIGNED_IN: _("Signed in"),
        Event.Kind.ADOPTED: _("Carried over from before we changed our system"),
        Event.Kind.DEVICE_RENAMED: _("Renamed"),
        Event.Kind.DEVICE_LOST: _("Reported lost"),
        Event.Kind.DEVICE_FOUND: _("Found again"),
        Event.Kind.DEVICE_CONFIRMED: _("Confirmed as yours"),
        Event.Kind.FLAGGED: _("Flagged for a look"),
        Event.Kind.NOT_ME: _("Reported as not yours"),
    }
    return phrases.get(event.kind) or capfirst(event.get_kind_display())
