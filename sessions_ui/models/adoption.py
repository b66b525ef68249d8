"""What was taken over from another session engine, so that nothing is taken over twice."""

from __future__ import annotations

from django.db import models

from sessions_ui.models.primary import PrimaryModel


class Adoption(PrimaryModel):
    """One key of the old engine that was adopted.

    The session's own row cannot tell, because its digest moves on at every rotation, and an anonymous one is deleted.
    Without this the old row, which stays where it is, would bring back a key that has been replaced or signed out
    since.
    """

    digest = models.CharField(max_length=64, primary_key=True, editable=False)
    source = models.CharField(max_length=32)
    # When the old row expired as it was adopted. An old server may have prolonged it since, so this row stays until
    # nothing is adopted any more.
    expires_at = models.DateTimeField()
    # When the old row was last seen in the old table (`adopt_sessions --end-missing`).
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = "adoption"
        verbose_name_plural = "adoptions"

    def __str__(self) -> str:
        return f"adopted from {self.source}"
