"""What was taken over from another session engine, so that nothing is taken over twice."""

from __future__ import annotations

from typing import Any

from django.db import models

from sessions_ui.models.fields import user_key


class Adoption(models.Model):
    """One key of the old engine that was adopted.

    The session's own row cannot tell: its digest moves on at every rotation, and an anonymous one is deleted. Without
    this the old row, which stays where it is, would bring back a key that has been replaced or signed out since.
    """

    digest = models.CharField(max_length=64, primary_key=True, editable=False)
    source = models.CharField(max_length=32)
    # When the old row expires: from then on nobody could adopt it again, and this row can go.
    expires_at = models.DateTimeField()
    # When the old row was last seen in the old table (`adopt_sessions --end-missing`).
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = "adoption"
        verbose_name_plural = "adoptions"

    def __str__(self) -> str:
        return f"adopted from {self.source}"


class AdoptionCut(models.Model):
    """All sessions of a user were ended at `at`: what they had signed in to before is not adopted any more.

    Written only while ADOPT_FROM is in effect, when "everywhere" includes rows that nobody has adopted yet.
    """

    id = models.BigAutoField(primary_key=True)
    user = user_key("+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "adoption cut"
        verbose_name_plural = "adoption cuts"
        constraints = [models.UniqueConstraint(fields=["user"], name="sessions_ui_adoption_cut_user")]

    def __str__(self) -> str:
        return f"nothing from before {self.at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def write(cls, user_pk: Any, at: Any) -> None:
        cls.objects.update_or_create(user_id=user_pk, defaults={"at": at})
