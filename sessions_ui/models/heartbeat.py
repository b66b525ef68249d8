"""When each background process was last seen at work."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone

from sessions_ui.models.primary import PrimaryModel


class Heartbeat(PrimaryModel):
    """The last sign of life of a process. `name` is what beats ("worker"); one row each."""

    name = models.CharField(max_length=32, primary_key=True)
    seen_at = models.DateTimeField()
    # How much of its work the process has, where it says so: open streams.
    number = models.PositiveIntegerField(null=True, blank=True)

    # What the names of processes that have open streams begin with; each has a row of its own.
    STREAMS = "streams "

    class Meta:
        verbose_name = "heartbeat"
        verbose_name_plural = "heartbeats"

    def __str__(self) -> str:
        return f"{self.name}: {self.seen_at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def beat(cls, name: str, number: int | None = None) -> None:
        cls.objects.update_or_create(name=name, defaults={"seen_at": timezone.now(), "number": number})

    @classmethod
    def last(cls, name: str) -> datetime | None:
        return cls.objects.filter(name=name).values_list("seen_at", flat=True).first()
