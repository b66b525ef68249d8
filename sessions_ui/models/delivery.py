"""The outbox: one row for everybody who must be told of an act, written in the act's own transaction."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.models.act import Act
from sessions_ui.models.endpoint import Endpoint
from sessions_ui.models.event import Event
from sessions_ui.models.fields import user_key
from sessions_ui.models.primary import PrimaryModel
from sessions_ui.models.seal import Checkpoint


class Delivery(PrimaryModel):
    """One act, event or checkpoint, one channel, one receiver. Open until it is done or parked.

    A webhook about none is a ping, a mail about none one of the host project's (`sealed`).
    """

    id = models.BigAutoField(primary_key=True)
    act = models.ForeignKey(Act, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries")
    event = models.ForeignKey(
        Event,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="deliveries",
    )
    checkpoint = models.ForeignKey(
        Checkpoint,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
    )
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, db_index=False, null=True, blank=True, related_name="deliveries"
    )
    user = user_key("+", db_index=False)
    channel = models.CharField(max_length=16)
    # What the channel needs to reach them, as it was when it happened: the account may be gone by now.
    receiver = models.CharField(max_length=320)
    # A whole mail of the host project, encrypted: the mail server could not be reached when it was written.
    # Nullable, because a server that runs the release before knows nothing of it.
    sealed = models.TextField(null=True, blank=True, editable=False)  # noqa: DJ001
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    # Whoever claimed it has until then to make it; after that the sweep gives it to somebody else.
    leased_until = models.DateTimeField(null=True, blank=True)
    # It was one too many of its kind within the hour, and goes out in one mail with the others that wait.
    held_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=255, blank=True)
    # How the newest attempts of a webhook went (`channels/webhooks/attempt_log.py`), the oldest first.
    attempt_log = models.JSONField(null=True, blank=True, editable=False)
    # The owner had removed that address when this was written: its link ends sessions, and lets nobody in.
    told_only = models.BooleanField(default=False, db_default=False)
    # When the "This wasn't me" link of this mail was confirmed: it works once.
    link_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            # With the user: two of one act may have one address.
            models.UniqueConstraint(
                fields=["act", "user", "channel", "receiver"], name="sessions_ui_delivery_act_once"
            ),
            models.UniqueConstraint(
                fields=["event", "channel", "receiver"], name="sessions_ui_delivery_event_once"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "id"], name="sessions_ui_delivery_user"),
            models.Index(
                fields=["endpoint", "id"],
                name="sessions_ui_delivery_endpoint",
                condition=Q(endpoint__isnull=False),
            ),
            # For administrators: mails by their address, as `iexact` compares it, and what was given up.
            models.Index(
                Upper("receiver"), name="sessions_ui_delivery_receiver", condition=Q(endpoint__isnull=True)
            ),
            models.Index(
                fields=["id"], name="sessions_ui_delivery_parked", condition=Q(parked_at__isnull=False)
            ),
            # healthchecks' Flip: only what is still open is in the index.
            models.Index(
                fields=["due_at"],
                name="sessions_ui_delivery_open",
                condition=Q(done_at__isnull=True, parked_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} #{self.pk}"
