"""The sealed log: at which place each event is in it, and the checkpoints that vouch for them (docs/evidence.md)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_ui.models.append_only import AppendOnlyModel
from sessions_ui.models.event import Event


class Seal(AppendOnlyModel):
    """An event's place in the log. Positions begin at 1 and have no gap, also where a transaction commits late."""

    position = models.BigIntegerField(primary_key=True)
    # Without a constraint, so that a row that is removed is found and not kept.
    event = models.OneToOneField(Event, on_delete=models.DO_NOTHING, db_constraint=False, related_name="seal")
    # What the event's detail has been committed to; None where it had none. It stays when the detail is erased.
    commitment = models.BinaryField(max_length=32, null=True)
    leaf = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")

    def __str__(self) -> str:
        return f"position {self.position}"


class Checkpoint(AppendOnlyModel):
    """One batch of the log: the root of its events, the hash of the checkpoint before it, and a signature.

    All that counts is in `text`, which is what was signed; the other columns are for queries.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    # The last position of the batch.
    last = models.BigIntegerField()
    # The time of its newest event: when that is over the retention time, the batch may go.
    newest_at = models.DateTimeField()
    # The greatest key of an event that is sealed by now.
    greatest_event = models.BigIntegerField()
    text = models.TextField()
    # Empty where no key is set (`SEAL_KEY`).
    signature = models.CharField(max_length=88, blank=True)

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")

    def __str__(self) -> str:
        return f"checkpoint {self.number}"
