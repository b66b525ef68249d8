"""How long things take, in all processes together: the buckets of histograms."""

from __future__ import annotations

from django.db import models

from sessions_ui.models.primary import PrimaryModel


class Duration(PrimaryModel):
    """One bucket: how often something took so long. `name` says what, and up to how long; one row each.

    The number only grows, so that Prometheus reads it as a counter.
    """

    name = models.CharField(max_length=32, primary_key=True)
    number = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0.0)  # of all of these together

    class Meta:
        verbose_name = "duration"
        verbose_name_plural = "durations"

    def __str__(self) -> str:
        return f"{self.name}: {self.number}"
