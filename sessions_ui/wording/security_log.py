"""Words for the security log: all that happened in an account, as its owner reads it.

The owner reads what was done and that staff did it; never who of staff, from where, or in which words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_ui.client.text import one_line
from sessions_ui.credentials import CredentialKind
from sessions_ui.models import Event, Session
from sessions_ui.wording.credentials import change_text, masked
from sessions_ui.wording.events import event_text
from sessions_ui.wording.help_desk import step_text
from sessions_ui.wording.sessions import ended_text, method_text

LONGEST_NAME = 100


class Group(StrEnum):
    """What the log can be narrowed down to."""

    SIGN_INS = "sign-ins"
    SIGN_OUTS = "sign-outs"
    DEVICES = "devices"
    CREDENTIALS = "credentials"
    TOKENS = "tokens"
    STAFF = "staff"
    DATA = "data"

    @property
    def label(self) -> str:
        return str(LABELS[self])


LABELS: dict[Group, Any] = {
    Group.SIGN_INS: gettext_lazy("Sign-ins"),
    Group.SIGN_OUTS: gettext_lazy("Sign-outs"),
    Group.DEVICES: gettext_lazy("Devices"),
    Group.CREDENTIALS: gettext_lazy("Password and second factors"),
    Group.TOKENS: gettext_lazy("Access tokens, apps and keys"),
    Group.STAFF: gettext_lazy("Help desk and administrators"),
    Group.DATA: gettext_lazy("Your data"),
}

# Where each kind belongs. What is about an access token, or was done by staff, belongs to those groups as well or
# instead (`web/security_log/chosen.py`).
GROUPS: dict[Group, tuple[Event.Kind, ...]] = {
    Group.SIGN_INS: (
        Event.Kind.SIGNED_IN,
        Event.Kind.ADOPTED,
        Event.Kind.REAUTHENTICATED,
        Event.Kind.REAUTHENTICATION_FAILED,
        Event.Kind.CLIENT_CHANGED,
        Event.Kind.FLAGGED,
        Event.Kind.CHALLENGED,
        Event.Kind.NOT_ME,
        Event.Kind.CODE_SENT,
        Event.Kind.PROVEN,
        Event.Kind.METADATA_CHANGED,
    ),
    Group.SIGN_OUTS: (Event.Kind.ENDED,),
    Group.DEVICES: (
        Event.Kind.DEVICE_RENAMED,
        Event.Kind.DEVICE_LOST,
        Event.Kind.DEVICE_FOUND,
        Event.Kind.DEVICE_CONFIRMED,
        Event.Kind.UNUSED_CHOSEN,
        Event.Kind.UNUSED_SOON,
    ),
    Group.CREDENTIALS: (
        Event.Kind.CREDENTIAL_CHANGED,
        Event.Kind.PASSWORD_REQUIRED,
        Event.Kind.EMAIL_CHANGED,
        Event.Kind.RECOVERY_OPENED,
        Event.Kind.RECOVERY_LINK,
        Event.Kind.RECOVERY_STEP,
        Event.Kind.RECOVERY_CLOSED,
    ),
    Group.TOKENS: (Event.Kind.TOKEN_EXPIRES, Event.Kind.CREDENTIALS_ENDED),
    Group.STAFF: (
        Event.Kind.HELP_DESK,
        Event.Kind.IMPERSONATED,
        Event.Kind.ACCESS_REVIEW,
        Event.Kind.SERVICE_ACCOUNT,
    ),
    Group.DATA: (Event.Kind.DATA_EXPORTED, Event.Kind.DATA_ERASED),
}

# What the log leaves out, and why. All but those of nobody are in the file with what is stored about the person.
_ABOUT_A_MESSAGE = "about a message, of which each is about an event that is told"
_BY_WHOEVER_DECIDES = "an agreed end of access is told by whoever agrees on it, not by a page"
_OF_NOBODY = "about no account"
UNTOLD: dict[Event.Kind, str] = {
    Event.Kind.DELIVERED: _ABOUT_A_MESSAGE,
    Event.Kind.DELIVERY_FAILED: _ABOUT_A_MESSAGE,
    Event.Kind.OFFBOARDING_SET: _BY_WHOEVER_DECIDES,
    Event.Kind.OFFBOARDING_CANCELLED: _BY_WHOEVER_DECIDES,
    Event.Kind.TRUST_ENDED: _BY_WHOEVER_DECIDES,
    Event.Kind.REDELIVERED: _OF_NOBODY,
    Event.Kind.INCIDENT: _OF_NOBODY,
    Event.Kind.ENDPOINT_CHANGED: _OF_NOBODY,
    Event.Kind.LOG_CUT: _OF_NOBODY,
    Event.Kind.EXPORTED: _OF_NOBODY,
}

PHRASES: dict[str, Any] = {
    Event.Kind.REAUTHENTICATED: gettext_lazy("You confirmed who you are"),
    Event.Kind.REAUTHENTICATION_FAILED: gettext_lazy("An attempt to confirm who you are failed"),
    Event.Kind.CLIENT_CHANGED: gettext_lazy("A sign-in went on in another browser or system"),
    Event.Kind.FLAGGED: gettext_lazy("Sign-in flagged"),
    Event.Kind.CHALLENGED: gettext_lazy("A sign-in needed one more step"),
    Event.Kind.NOT_ME: gettext_lazy("Sign-in reported as not yours"),
    Event.Kind.CODE_SENT: gettext_lazy("A code was emailed"),
    Event.Kind.PROVEN: gettext_lazy("One more step was completed"),
    Event.Kind.METADATA_CHANGED: gettext_lazy("The site changed what it keeps with a sign-in"),
    Event.Kind.DEVICE_RENAMED: gettext_lazy("Device renamed"),
    Event.Kind.DEVICE_LOST: gettext_lazy("Device reported lost"),
    Event.Kind.DEVICE_FOUND: gettext_lazy("Device found again"),
    Event.Kind.DEVICE_CONFIRMED: gettext_lazy("Device confirmed as yours"),
    Event.Kind.UNUSED_CHOSEN: gettext_lazy("Choice about unused devices changed"),
    Event.Kind.UNUSED_SOON: gettext_lazy("Unused devices were about to be signed out"),
    Event.Kind.PASSWORD_REQUIRED: gettext_lazy("A new password was required"),
    Event.Kind.EMAIL_CHANGED: gettext_lazy("The email address was changed"),
    Event.Kind.RECOVERY_OPENED: gettext_lazy("Account recovery started"),
    Event.Kind.RECOVERY_LINK: gettext_lazy("A recovery link was emailed"),
    Event.Kind.RECOVERY_STEP: gettext_lazy("A recovery step was completed"),
    Event.Kind.RECOVERY_CLOSED: gettext_lazy("Account recovery ended"),
    Event.Kind.TOKEN_EXPIRES: gettext_lazy("An access token was about to expire"),
    Event.Kind.CREDENTIALS_ENDED: gettext_lazy("Apps and keys ended"),
    Event.Kind.IMPERSONATED: gettext_lazy("Support used your account"),
    Event.Kind.ACCESS_REVIEW: gettext_lazy("Your access was reviewed"),
    Event.Kind.DATA_ERASED: gettext_lazy("Your stored data was removed"),
}
SECURITY_LOG = "security log"  # what of somebody's data was handed out, in `data` of that event
# Of which the text says itself who did it, or that staff did.
SAYS_WHO = (Event.Kind.ENDED, Event.Kind.HELP_DESK, Event.Kind.IMPERSONATED)


def log_text(event: Event, viewer: Any) -> str:
    """Return what happened, as "Signed in with a passkey" or "Signed out by you, from another device"."""
    if event.kind == Event.Kind.SIGNED_IN:
        how = method_text(str(event.data.get("method", "")))
        return (_("Signed in %(how)s") % {"how": how}).strip()
    if event.kind == Event.Kind.ENDED and is_about_token(event):
        how = ended_text(
            Session(kind=Session.Kind.TOKEN, end_reason=event.reason, ended_by_id=event.actor_id), viewer
        )
        return _("Access token ended %(how)s") % {"how": how}
    if event.kind == Event.Kind.ENDED and is_of_support(event) and is_by_staff(event, viewer):
        return _("Support left your account")
    if event.kind in (Event.Kind.ENDED, Event.Kind.ADOPTED):
        return event_text(event, viewer)
    if event.kind == Event.Kind.CREDENTIAL_CHANGED:
        return capfirst(change_text(event))
    if event.kind == Event.Kind.HELP_DESK:
        return step_text(event)
    if event.kind == Event.Kind.DATA_EXPORTED:
        is_log = event.data.get("what") == SECURITY_LOG
        return (
            _("The security log was downloaded") if is_log else _("A copy of your stored data was provided")
        )
    phrase = PHRASES.get(event.kind)
    return str(phrase) if phrase is not None else capfirst(str(event.get_kind_display()))


def by_text(event: Event, viewer: Any) -> str:
    """Return "by staff" where somebody else did it and the text does not say so; empty otherwise."""
    return _("by staff") if is_by_staff(event, viewer) and event.kind not in SAYS_WHO else ""


def name_text(event: Event, viewer: Any) -> str:
    """Return the name of the credential that it is about, as its owner gave it; empty where there is none.

    An address is masked: whoever has only the screen learns too little. What staff wrote is not repeated.
    """
    if is_about_token(event):
        return _short(getattr(getattr(event.session, "token", None), "name", ""))
    if is_by_staff(event, viewer):
        return ""
    text = _short(getattr(getattr(event, "detail", None), "text", ""))
    is_address = event.data.get("credential") == CredentialKind.ADDRESS
    if event.kind == Event.Kind.EMAIL_CHANGED or (event.kind == Event.Kind.CREDENTIAL_CHANGED and is_address):
        return masked(text) if text else ""
    return text if event.kind in (Event.Kind.CREDENTIAL_CHANGED, Event.Kind.TOKEN_EXPIRES) else ""


def told_address(event: Event, viewer: Any) -> str:
    """Return the network address from which it was done; empty where it is not kept, or may be that of staff."""
    if is_by_staff(event, viewer):
        return ""
    session = event.session
    # Of a sign-in that is no longer kept nobody knows any more whether it was support's.
    if event.session_id is not None and (session is None or session.impersonated_from_id is not None):
        return ""
    return getattr(getattr(event, "detail", None), "address", None) or ""


def is_by_staff(event: Event, viewer: Any) -> bool:
    """Return whether somebody else than the owner of the account did it."""
    return event.actor_id is not None and event.actor_id != viewer.pk


def is_about_token(event: Event) -> bool:
    """Return whether the session that it names is an access token, as far as that is still kept."""
    return event.session is not None and event.session.kind == Session.Kind.TOKEN


def is_of_support(event: Event) -> bool:
    """Return whether the session that it names is one in which support used the account, as far as that is still
    kept."""
    return event.session is not None and event.session.impersonated_from_id is not None


def _short(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"
