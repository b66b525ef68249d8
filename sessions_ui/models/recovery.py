"""The case that a report of "This wasn't me" opens."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.models.fields import CodeField, new_public_id, user_key
from sessions_ui.models.primary import PrimaryManager, PrimaryModel, PrimaryQuerySet
from sessions_ui.models.session import Session


class RecoveryQuerySet(PrimaryQuerySet["Recovery"]):
    def open(self) -> RecoveryQuerySet:
        return self.filter(closed_at__isnull=True)

    def of(self, user: Any) -> RecoveryQuerySet:
        return self.filter(user_id=user.pk)


RecoveryManager = PrimaryManager.from_queryset(RecoveryQuerySet)


class Recovery(PrimaryModel):
    """One account's way back to its owner, in three steps; an account has at most one that is open.

    The device is out when it opens; a new password is chosen, where there was one; what was added to the account since
    the reported sign-in is looked at, and goes. It is closed once all is done, when its time is over, or by the help
    desk.
    """

    class OpenedBy(models.TextChoices):
        MAIL = "mail", _("the link in an email")
        DEVICES = "devices", _("the devices page")
        HELP_DESK = "help_desk", _("the help desk")

    class ClosedWhy(models.TextChoices):
        DONE = "done", _("all steps are done")
        EXPIRED = "expired", _("it ran out of time")
        LIFTED = "lifted", _("ended by the help desk")

    id = models.BigAutoField(primary_key=True)
    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    user = user_key("+", db_index=False)
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    opened_by = CodeField(_("opened by"), max_length=16, choices=OpenedBy)
    actor = user_key("+", db_index=False)
    # The sign-in that was reported, where one was named.
    session = models.ForeignKey(
        Session,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
    )
    # When the reported sign-in was: what was added to the account from then on may be somebody else's.
    since = models.DateTimeField(_("reported sign-in"))
    # Where the report came from, and the link to the case goes; empty where no address can be trusted.
    address = models.EmailField(_("email address"), blank=True)
    # The password that was known then signs nobody in; False for accounts that have none.
    needs_password = models.BooleanField(_("new password needed"), default=False)
    password_at = models.DateTimeField(_("new password chosen"), null=True, blank=True)
    credentials_at = models.DateTimeField(_("additions checked"), null=True, blank=True)
    expires_at = models.DateTimeField(_("ends at the latest"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_why = CodeField(_("reason for closing"), max_length=16, choices=ClosedWhy, blank=True)
    closed_by = user_key("+", db_index=False)
    ticket = models.CharField(_("ticket"), max_length=100, blank=True)

    objects: ClassVar[RecoveryManager] = RecoveryManager()

    class Meta:
        verbose_name = _("recovery")
        verbose_name_plural = _("recoveries")
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="sessions_ui_recovery_public_id"),
        ]
        indexes = [
            models.Index(fields=["user", "id"], name="sessions_ui_recovery_user"),
            models.Index(
                fields=["expires_at"],
                name="sessions_ui_recovery_open",
                condition=models.Q(closed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def waits_for_password(self) -> bool:
        return self.is_open and self.needs_password and self.password_at is None

    @property
    def waits_for_credentials(self) -> bool:
        return self.is_open and self.credentials_at is None

    @property
    def reported(self) -> Session | None:
        """The sign-in that was reported, with its device; None where none was named, or it was purged."""
        if self.session_id is None:
            return None
        rows = Session.objects.select_related("device", "act").defer("payload")
        user_id: Any = self.user_id
        return rows.filter(pk=self.session_id, user_id=user_id).first()
