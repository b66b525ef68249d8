"""Where webhooks go: one row for each receiver that an administrator has entered."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from urllib.parse import urlsplit

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.encryption import decrypt, encrypt
from sessions_ui.models.fields import CodeField, user_key
from sessions_ui.models.primary import PrimaryModel


class Hook(models.TextChoices):
    """What can be subscribed to: the `type` of the message. PING is sent by the test button, to whoever it is."""

    SESSIONS_ENDED = "sessions.ended", _("sign-ins were ended, for any reason")
    SIGNED_IN = "session.signed_in", _("somebody signed in")
    FLAGGED = "session.flagged", _("a sign-in was flagged")
    NOT_ME = "session.not_me", _("a sign-in was not recognised by its owner")
    DEVICE_LOST = "device.lost", _("a device was marked as lost")
    DEVICE_FOUND = "device.found", _("a lost device was found again")
    DEVICE_CONFIRMED = "device.confirmed", _("a device was confirmed")
    CREDENTIAL_CHANGED = "credential.changed", _("a way to sign in was added, changed or removed")
    INCIDENT_ORDERED = "incident.ordered", _("an incident was ordered, and is in force")
    INCIDENT_FINISHED = "incident.finished", _("an incident has ended everything that it applies to")
    CHECKPOINT = "log.checkpoint", _("the history was sealed up to a checkpoint")


PING = "ping"


class WebhookFormat(models.TextChoices):
    """How messages are worded and signed; chosen when the endpoint is made."""

    STANDARD = "standard", _("Standard Webhooks")
    WORKOS = "workos", _("WorkOS format")


# What WorkOS has events for: `session.revoked`, one for each session that ended, and `session.created`.
TOLD_IN: dict[str, frozenset[Hook]] = {
    WebhookFormat.STANDARD: frozenset(Hook),
    WebhookFormat.WORKOS: frozenset({Hook.SESSIONS_ENDED, Hook.SIGNED_IN}),
}


def new_secret() -> str:
    """Return 256 random bits, as Standard Webhooks writes them (it asks for 192 or more): "whsec_" and base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class Endpoint(PrimaryModel):
    """A receiver. Its signing secrets are encrypted (`encryption.py`), and shown once, when they are made."""

    id = models.BigAutoField(primary_key=True)
    url = models.CharField(_("address"), max_length=500)
    description = models.CharField(_("description"), max_length=100, blank=True)
    format = CodeField(
        _("format"),
        max_length=16,
        choices=WebhookFormat,
        default=WebhookFormat.STANDARD,
        db_default=WebhookFormat.STANDARD.value,
        help_text=_("It can’t be changed later."),
    )
    # Values of `Hook`.
    types = models.JSONField(_("messages about"), default=list)
    addresses = models.BooleanField(
        _("include network addresses"),
        default=False,
        help_text=_("Only for a receiver that may know where people are."),
    )
    secret = models.TextField(editable=False)
    # The one before signs, too, until `former_until`: the receiver changes over whenever it suits.
    former_secret = models.TextField(editable=False, blank=True)
    former_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = user_key("+", db_index=False, editable=False)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_why = models.CharField(max_length=100, blank=True, editable=False)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")

    def __str__(self) -> str:
        try:
            return self.description or urlsplit(self.url).netloc
        except ValueError:  # "https://[bad/", which some code of the host project has saved
            return self.url

    def untold(self) -> list[str]:
        """Return those of `types` that its format has no message for."""
        return [name for name in self.types if name not in TOLD_IN.get(self.format, frozenset(Hook))]

    def set_secret(self, secret: str, *, former_until: datetime | None = None) -> None:
        """Give the endpoint a new secret, which is not saved yet.

        The one until now goes on signing until `former_until`; if that is None, it stops.
        """
        self.former_secret = self.secret if former_until else ""
        self.former_until = former_until
        self.secret = encrypt(secret)

    def secrets(self, at: datetime) -> list[str]:
        """Return the secrets that sign at this moment, in the clear, the current one first."""
        former = self.former_until is not None and self.former_until > at
        return [decrypt(self.secret), *([decrypt(self.former_secret)] if former else [])]
