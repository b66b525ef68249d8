"""The agreed end of somebody's access."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.models.fields import user_key
from sessions_ui.models.primary import PrimaryModel


class Offboarding(PrimaryModel):
    """The date from which nobody signs in to the account, and nothing is signed in.

    Each user has at most one that is not cancelled.
    """

    id = models.BigAutoField(primary_key=True)
    user = user_key("+")
    ends_at = models.DateTimeField(_("access ends"))
    # When the person left, where that was before this was set.
    happened_at = models.DateTimeField(_("left on"), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    actor = user_key("+", db_index=False)
    ticket = models.CharField(_("ticket"), max_length=100, blank=True)
    note = models.TextField(_("note"), blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = user_key("+", db_index=False)

    class Meta:
        verbose_name = _("offboarding")
        verbose_name_plural = _("offboardings")

    def __str__(self) -> str:
        return f"{self.ends_at:%Y-%m-%d %H:%M}"
