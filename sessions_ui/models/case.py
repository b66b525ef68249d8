"""The help desk's own records: a call, what was done in it, and who has to choose a new password."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.conf import conf
from sessions_ui.models.codes import OneTimeCode
from sessions_ui.models.fields import CodeField, new_public_id, user_key
from sessions_ui.models.primary import PrimaryModel, all_users


class Case(OneTimeCode):
    """One call. Opened by an exact search; a search that found nobody is a case without a user, and counts.

    Nothing can be done in it before the caller was verified, and nothing after `expires_at`. The code by which the
    caller proves who they are is the case's own: another one takes its place.
    """

    CODE_SALT = "sessions_ui.help_desk.code"
    NONCE_FIELD = "code_salt"
    TRIES_FIELD = "code_tries"

    class Reason(models.TextChoices):
        LOST = "lost", _("A device was lost or stolen")
        UNKNOWN = "unknown", _("A sign-in was not recognised")
        LEFT = "left", _("The person has left")
        OTHER = "other", _("Something else")

    class Proof(models.TextChoices):
        CODE = "code", _("a code was sent to a verified address and read back")
        SECOND_AGENT = "second_agent", _("a second agent agreed")

    id = models.BigAutoField(primary_key=True)
    # The reference that the caller may be told.
    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    agent = user_key("+", db_index=False)
    user = user_key("+", db_index=False)
    opened_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    ticket = models.CharField(max_length=100, blank=True)
    reason = CodeField(max_length=16, choices=Reason, blank=True)
    # Keys of `HELP_DESK_WAYS`: how the agent made sure who is calling.
    ways = models.JSONField(default=list, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)

    code_salt = models.CharField(max_length=32, blank=True, editable=False)
    code_sent_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    approval_asked_at = models.DateTimeField(null=True, blank=True)
    approver = user_key("+", db_index=False)
    proof = CodeField(max_length=16, choices=Proof, blank=True)
    proven_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("help-desk case")
        verbose_name_plural = _("help-desk cases")
        permissions = [("help_desk", _("Can sign out the devices of callers"))]
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="sessions_ui_case_public_id"),
        ]
        indexes = [
            models.Index(fields=["agent", "opened_at"], name="sessions_ui_case_agent"),
            models.Index(
                fields=["approval_asked_at"],
                name="sessions_ui_case_approval",
                condition=models.Q(approval_asked_at__isnull=False, proven_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def account(self) -> Any:
        """Return the user; None where the account is gone. Not `self.user`, because a default manager may hide
        people."""
        return None if self.user_id is None else all_users().filter(pk=self.user_id).first()

    @property
    def code_expires_at(self) -> datetime | None:
        """Return until when the code that was sent last is good, no longer than the case; None where none was sent."""
        if self.code_sent_at is None:
            return None
        return min(self.code_sent_at + conf.help_desk_code_age, self.expires_at)

    @property
    def is_open(self) -> bool:
        return self.user_id is not None and self.expires_at > timezone.now()

    @property
    def is_verified(self) -> bool:
        return self.verified_at is not None

    @property
    def is_proven(self) -> bool:
        return self.proven_at is not None


class CaseReceipt(PrimaryModel):
    """What one submission did, line by line. The nonce of the review page makes a second click find the first."""

    class Result(models.TextChoices):
        """What became of a device."""

        SIGNED_OUT = "signed_out", _("signed out")
        IN_PART = "in_part", _("signed out where it signed in lately, while an older sign-in there stays")
        ALREADY = "already_signed_out", _("already signed out")

    id = models.BigAutoField(primary_key=True)
    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="receipts")
    nonce = models.CharField(max_length=32)
    at = models.DateTimeField(default=timezone.now)
    # [{"device": public id, "title": "Firefox on Linux", "result": a `Result`}, …, {"tokens": 2}]; with "lost", whether
    # it was marked, where that was ordered.
    lines = models.JSONField(default=list)
    everything = models.BooleanField(default=False)
    lost = models.BooleanField(default=False)
    new_password = models.BooleanField(default=False)
    recovery = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("help-desk receipt")
        verbose_name_plural = _("help-desk receipts")
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="sessions_ui_casereceipt_public_id"),
            models.UniqueConstraint(fields=["case", "nonce"], name="sessions_ui_casereceipt_once"),
        ]

    def __str__(self) -> str:
        return self.public_id
