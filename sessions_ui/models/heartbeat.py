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

    class Meta:
        verbose_name = "heartbeat"
        verbose_name_plural = "heartbeats"

    def __str__(self) -> str:
        return f"{self.name}: {self.seen_at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def beat(cls, name: str) -> None:
        cls.objects.update_or_create(name=name, defaults={"seen_at": timezone.now()})

    @classmethod
    def last(cls, name: str) -> datetime | None:
        return cls.objects.filter(name=name).values_list("seen_at", flat=True).first()
