"""What a sign-in provider has told us: that somebody signed out there."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.models.primary import PrimaryModel


class ProviderSignOut(PrimaryModel):
    """One logout token.

    It is unique, so that no process accepts it a second time; and remembered for a day, so that a sign-in which was
    under way at that moment does not outlive it.
    """

    id = models.BigAutoField(primary_key=True)
    # SHA-256 of issuer and `jti`.
    token_digest = models.CharField(max_length=64, editable=False)
    iss = models.CharField(max_length=255)
    sub = models.CharField(max_length=255, blank=True)
    sid = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField(default=timezone.now)
    # When the sessions were ended; empty where that failed, and the provider may send the token again.
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("provider sign-out")
        verbose_name_plural = _("provider sign-outs")
        constraints = [
            models.UniqueConstraint(fields=["token_digest"], name="sessions_ui_provider_sign_out_once"),
        ]
        indexes = [
            models.Index(fields=["sid"], name="sessions_ui_sign_out_sid"),
            models.Index(fields=["sub"], name="sessions_ui_sign_out_sub"),
        ]

    def __str__(self) -> str:
        return f"{self.iss} {self.at:%Y-%m-%d %H:%M:%S}"
