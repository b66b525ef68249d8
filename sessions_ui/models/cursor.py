"""How far a sweep has come."""

from __future__ import annotations

from django.db import models

from sessions_ui.models.primary import PrimaryModel


class Cursor(PrimaryModel):
    """The position of a sweep. `name` is what sweeps; `position` the last primary key that it has looked at."""

    name = models.CharField(max_length=32, primary_key=True)
    position = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "cursor"
        verbose_name_plural = "cursors"

    def __str__(self) -> str:
        return f"{self.name}: {self.position}"

    @classmethod
    def read(cls, name: str) -> int:
        return cls.objects.filter(name=name).values_list("position", flat=True).first() or 0

    @classmethod
    def write(cls, name: str, position: int) -> None:
        cls.objects.update_or_create(name=name, defaults={"position": position})
