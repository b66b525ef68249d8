"""An act: one decision that ended any number of sessions."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.models.end_reason import EndReason
from sessions_ui.models.fields import CodeField, user_key
from sessions_ui.models.primary import PrimaryModel


class Act(PrimaryModel):
    """Who ended sessions, when and why; its id is shared by the sessions, events, deliveries and mails."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(default=timezone.now)
    # When trust ended, as whoever reported it says: before `at`, or at that moment. NULL: nobody said that it was
    # earlier.
    happened_at = models.DateTimeField(null=True, blank=True)
    reason = CodeField(max_length=32, choices=EndReason)
    # Empty where nobody decided: a timeout, a command, a signal outside of a request.
    actor = user_key("+", db_index=False)
    ticket = models.CharField(max_length=100, blank=True)
    note = models.TextField(blank=True)
    # The large ending that it is a batch of. Without a constraint, because ending sessions must not wait for that row.
    ending = models.ForeignKey(
        "sessions_ui.Ending",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="acts",
    )
    # How many sessions it ended.
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("acts")
        indexes = [
            models.Index(fields=["at"], name="sessions_ui_act_at"),
            models.Index(fields=["reason", "at"], name="sessions_ui_act_reason"),
            models.Index(
                fields=["actor", "at"],
                name="sessions_ui_act_actor",
                condition=models.Q(actor__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} ({self.count})"
