"""What happened to sessions and devices: the history, the audit trail, the source of every notification."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.models.act import Act
from sessions_ui.models.append_only import AppendOnlyModel
from sessions_ui.models.device import Device
from sessions_ui.models.end_reason import EndReason
from sessions_ui.models.fields import CodeField, user_key
from sessions_ui.models.primary import PrimaryManager, PrimaryModel, PrimaryQuerySet
from sessions_ui.models.session import Session

# Every sign-in, ending and message writes one. For them the newest are found by walking back from the end of the table,
# nobody looks for them by their session, and the indexes of the other kinds cost them nothing.
FREQUENT = ("signed_in", "ended", "delivered")


class Event(AppendOnlyModel):
    """One append-only row. It holds no personal data itself: what must be erasable is in its detail row."""

    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", _("signed in")
        ADOPTED = "adopted", _("taken over from another session engine")
        ENDED = "ended", _("signed out")
        REAUTHENTICATED = "reauthenticated", _("identity confirmed")
        REAUTHENTICATION_FAILED = "reauthentication_failed", _("identity could not be confirmed")
        CLIENT_CHANGED = "client_changed", _("browser or system changed")
        DEVICE_RENAMED = "device_renamed", _("device renamed")
        DEVICE_LOST = "device_lost", _("device marked as lost")
        DEVICE_FOUND = "device_found", _("device found again")
        DEVICE_CONFIRMED = "device_confirmed", _("device confirmed")
        FLAGGED = "flagged", _("sign-in flagged")
        CHALLENGED = "challenged", _("further proof asked for")
        NOT_ME = "not_me", _("sign-in not recognised")
        CODE_SENT = "code_sent", _("code sent")
        PROVEN = "proven", _("further proof given")
        # What staff did in a case: `data` has the step and the case, the detail what was searched for.
        HELP_DESK = "help_desk", _("help desk")
        PASSWORD_REQUIRED = "password_required", _("new password required")
        EMAIL_CHANGED = "email_changed", _("email address changed")
        # `data` has the kind of credential and what was done, the detail its name (`credentials.py`).
        CREDENTIAL_CHANGED = "credential_changed", _("way to sign in changed")
        # The session is the access token, the detail its name.
        TOKEN_EXPIRES = "token_expires", _("access token about to end")
        # `data` has the months before and now: 0 is never, null what the site says.
        UNUSED_CHOSEN = "unused_chosen", _("choice about unused devices changed")
        # `data` has the sessions, and from when on they end.
        UNUSED_SOON = "unused_soon", _("unused devices about to be signed out")
        # `data` has the recovery, which step of it, why it was closed.
        RECOVERY_OPENED = "recovery_opened", _("recovery started")
        RECOVERY_LINK = "recovery_link", _("recovery link sent")
        RECOVERY_STEP = "recovery_step", _("recovery step done")
        RECOVERY_CLOSED = "recovery_closed", _("recovery closed")
        # `data` has the review and the step of it.
        ACCESS_REVIEW = "access_review", _("access review")
        # `data` has the step (created, transferred, orphaned) and whose it is now.
        SERVICE_ACCOUNT = "service_account", _("service account")
        IMPERSONATED = "impersonated", _("account used by support")
        # What another package had let in: `data` has the package and how many, never which.
        CREDENTIALS_ENDED = "credentials_ended", _("apps and keys ended")
        # `data` says since when (`happened_at`); what ended because of it has events of its own.
        TRUST_ENDED = "trust_ended", _("reported when access should have ended")
        # `data` has the step of it (previewed, ordered, …) and the incident, the detail what it is about.
        INCIDENT = "incident", _("incident")
        OFFBOARDING_SET = "offboarding_set", _("end of access set")
        OFFBOARDING_CANCELLED = "offboarding_cancelled", _("end of access cancelled")
        DELIVERED = "delivered", _("message delivered")
        DELIVERY_FAILED = "delivery_failed", _("message could not be delivered")
        REDELIVERED = "redelivered", _("message sent again by an administrator")
        # `data` has the names of what the host project now keeps with the session, never the values.
        METADATA_CHANGED = "metadata_changed", _("data kept with the sign-in changed")
        ENDPOINT_CHANGED = "endpoint_changed", _("webhook endpoint changed")
        # `data` has the last checkpoint whose events were removed, and the retention time in seconds.
        LOG_CUT = "log_cut", _("old part of the log removed")
        EXPORTED = "exported", _("history exported")
        # What is stored about the person was handed out, or removed.
        DATA_EXPORTED = "data_exported", _("personal data exported")
        DATA_ERASED = "data_erased", _("personal data erased")

    id = models.BigAutoField(primary_key=True)
    kind = CodeField(max_length=32, choices=Kind)
    at = models.DateTimeField(default=timezone.now)
    user = user_key("+", db_index=False)
    # References without a constraint: an event outlives what it speaks of.
    session = models.ForeignKey(
        Session,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="events",
    )
    device = models.ForeignKey(
        Device,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="events",
    )
    act = models.ForeignKey(
        Act, on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="events"
    )
    actor = user_key("+", db_index=False)
    reason = CodeField(max_length=32, choices=EndReason, blank=True)
    # Of the act or the call that it belongs to, for the log alone: what is done about a ticket goes by the act's.
    ticket = models.CharField(max_length=100, blank=True, default="", db_default="")
    # What the proxy calls the request, or a name that was made for it; empty outside of one.
    request_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["user", "id"], name="sessions_ui_event_user"),
            # For administrators; a session's own reason has no index, because ending writes it.
            models.Index(
                fields=["reason", "id"], name="sessions_ui_event_reason", condition=~models.Q(reason="")
            ),
            models.Index(
                fields=["kind", "id"], name="sessions_ui_event_kind", condition=~models.Q(kind__in=FREQUENT)
            ),
            # What a session has confirmed, or tried to. MariaDB, which has no partial indexes, goes by the user.
            models.Index(
                fields=["session"], name="sessions_ui_event_session", condition=~models.Q(kind__in=FREQUENT)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M:%S}"

    @property
    def told_session_id(self) -> int | None:
        """The session in which it was done. An event about an access token names the token, and in `data` who made
        it; None where that was no session of the account's own."""
        told: int | None = self.data.get("in_session", self.session_id)
        return told


def new_salt() -> bytes:
    """Return 128 random bits, without which nobody can try out what a detail was."""
    return secrets.token_bytes(16)


class EventDetailQuerySet(PrimaryQuerySet["EventDetail"]):
    def forget(self, **blank: Any) -> int:
        """Overwrite columns with what these arguments say, and forget the salt; return how many rows there were.

        Whoever erases a part of a detail has to do it this way: with the salt, the address could be tried out from what
        the sealed log keeps of it. What is left of the detail can then no longer be compared with the log.
        """
        return self.update(salt=None, **blank)


EventDetailManager = PrimaryManager.from_queryset(EventDetailQuerySet)


class EventDetail(PrimaryModel):
    """The erasable part of an event: deleting this row forgets the person and leaves the event."""

    event = models.OneToOneField(Event, on_delete=models.CASCADE, primary_key=True, related_name="detail")
    address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=512, blank=True)
    text = models.TextField(blank=True)
    # What makes the commitment in the sealed log (`audit/seal.py`) tell nothing once this row is gone. None until it is
    # sealed where a statement of the database made the row, and after a part of the row was erased.
    salt = models.BinaryField(max_length=16, null=True, default=new_salt)

    objects: ClassVar[EventDetailManager] = EventDetailManager()

    class Meta:
        verbose_name = _("event detail")
        verbose_name_plural = _("event details")

    def __str__(self) -> str:
        return f"detail of event {self.event_id}"
