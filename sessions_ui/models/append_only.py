"""Rows that are inserted, never changed, and deleted by the retention task only."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.db import models

from sessions_ui.exceptions import AppendOnly
from sessions_ui.models.primary import PrimaryManager, PrimaryModel, PrimaryQuerySet

Row = TypeVar("Row", bound=models.Model, covariant=True)


class AppendOnlyQuerySet(PrimaryQuerySet[Row]):
    def update(self, **kwargs: Any) -> int:
        raise AppendOnly(f"{self.model._meta.verbose_name_plural} are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly(f"{self.model._meta.verbose_name_plural} are deleted by the retention task only")


AppendOnlyManager = PrimaryManager.from_queryset(AppendOnlyQuerySet)


class AppendOnlyModel(PrimaryModel):
    objects: ClassVar[Any] = AppendOnlyManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save_base(self, *args: Any, **options: Any) -> None:
        """Refuse to change a row that is there. Here and not in `save()`, because this can be called without it."""
        if not self._state.adding or options.get("force_update"):
            raise AppendOnly(f"{self._meta.verbose_name_plural} are never changed")
        # Forced, because an instance that was not fetched can have the key of a row.
        super().save_base(*args, **{**options, "force_insert": options.get("force_insert") or True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly(f"{self._meta.verbose_name_plural} are deleted by the retention task only")
