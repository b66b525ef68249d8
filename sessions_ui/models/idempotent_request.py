"""Requests of the API that carry an `Idempotency-Key`, so that one which is sent again does nothing twice."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from sessions_ui.models.fields import user_key
from sessions_ui.models.primary import PrimaryModel
from sessions_ui.models.session import Session


class IdempotentRequest(PrimaryModel):
    """One request, from its beginning until a day after. While `answered_at` is NULL it is under way, or nobody knows
    what became of it: where it has a `status`, because of that answer."""

    id = models.BigAutoField(primary_key=True)
    user = user_key("+", db_index=False)
    # The session or access token that asks: keys of two clients have nothing to do with each other.
    session = models.ForeignKey(
        Session, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    # Its SHA-256, in hex: the usual collations of MariaDB take two keys for one that differ in case.
    key = models.CharField(max_length=64)
    # Of method, address and body (SHA-256, in hex): the same key with another request is a mistake of the client.
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        verbose_name = "request with an idempotency key"
        verbose_name_plural = "requests with an idempotency key"
        constraints = [
            models.UniqueConstraint(fields=["session", "key"], name="sessions_ui_idempotent_once"),
        ]
        indexes = [models.Index(fields=["created_at"], name="sessions_ui_idempotent_created")]

    def __str__(self) -> str:
        return f"request {self.pk}"
