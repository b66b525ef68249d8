"""A large ending: what is to be ended, in batches, and how far it has come."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.models.end_reason import EndReason
from sessions_ui.models.fields import CodeField, user_key
from sessions_ui.models.primary import PrimaryModel


class Rule(models.TextChoices):
    """What an incident puts in force at once, however many sessions it is about (`models/incident.py`)."""

    EVERYONE = "everyone", _("Everyone")
    STAFF = "staff", _("Staff")
    BEFORE = "before", _("Everyone who signed in before a certain time")


class Ending(PrimaryModel):
    """One decision that is carried out batch by batch. Each batch is an act of its own, with this as its `ending`."""

    id = models.BigAutoField(primary_key=True)
    reason = CodeField(max_length=32, choices=EndReason)
    actor = user_key("+", db_index=False)
    ticket = models.CharField(max_length=100, blank=True)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # When trust ended, where that was before it was ordered (`Act.happened_at`).
    happened_at = models.DateTimeField(null=True, blank=True)
    # How many sessions were chosen; those that sign in later are not among them.
    total = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    # No batch is begun from then on, until somebody resumes it.
    stopped_at = models.DateTimeField(null=True, blank=True)

    # An incident ends nothing of its own generation. Of one in force at once the batches are made as they are needed:
    # of what this rule ends (before that time), so far up to the user of that primary key. Everything else is laid out
    # when it is decided.
    rule = CodeField(max_length=16, choices=Rule, blank=True, default="", db_default="")
    generation = models.PositiveBigIntegerField(null=True, blank=True)
    before_at = models.DateTimeField(null=True, blank=True)
    position = models.CharField(max_length=255, blank=True, default="", db_default="")
    is_laid_out = models.BooleanField(default=True, db_default=True)

    class Meta:
        verbose_name = _("large sign-out")
        verbose_name_plural = _("large sign-outs")

    def __str__(self) -> str:
        return f"{self.reason} ({self.total})"


class EndingBatch(PrimaryModel):
    """A few of the chosen sessions by their keys, ended in one transaction; open until it is done or has failed."""

    id = models.BigAutoField(primary_key=True)
    ending = models.ForeignKey(Ending, on_delete=models.CASCADE, related_name="batches")
    # Primary keys of sessions: all those of a user, as far as possible, so that nobody gets two mails. With a bridge,
    # those of users whose credentials in that package end; none where it has still to find out whose they are.
    keys = models.JSONField()
    bridge = models.CharField(max_length=32, blank=True, default="", db_default="")
    size = models.PositiveIntegerField()
    # Whoever claimed it has until then to do it; after that the sweep gives it to somebody else.
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    ended = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        verbose_name = "batch of a large sign-out"
        verbose_name_plural = "batches of large sign-outs"
        indexes = [
            models.Index(
                fields=["id"],
                name="sessions_ui_batch_open",
                condition=models.Q(done_at__isnull=True, failed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}"
