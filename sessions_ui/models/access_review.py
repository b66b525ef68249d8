"""An access review: who has access now, and what a reviewer decided about each line of that."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.models.act import Act
from sessions_ui.models.device import Device
from sessions_ui.models.fields import CodeField, new_public_id, user_key
from sessions_ui.models.primary import PrimaryModel
from sessions_ui.models.session import Session


class AccessReview(PrimaryModel):
    """One review: a list as it was at `created_at`, of one organization or of all. Open until every line is decided and
    it is closed."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    # Empty: of all.
    organization_id = models.CharField(_("organization"), max_length=255, blank=True)
    ticket = models.CharField(_("ticket"), max_length=100, blank=True)
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    actor = user_key("+", db_index=False)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = user_key("+", db_index=False)
    # Names of the bridges that could not say whose credentials they know: no line is of these.
    unasked = models.JSONField(default=list, blank=True, editable=False)

    class Meta:
        verbose_name = _("access review")
        verbose_name_plural = _("access reviews")
        permissions = [("review_access", _("Can review who has access, and end it"))]
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="sessions_ui_review_public_id"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class AccessReviewItem(PrimaryModel):
    """One line: a person, a device, an access token or a credential of another package of theirs, or support in their
    account. It holds keys and no names of people, so that erasing a person leaves the review."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        DEVICE = "device", _("Device")
        SUPPORT = "support", _("Support")
        TOKEN = "token", _("Access token")
        CREDENTIAL = "credential", _("App or key of another package")

    class Decision(models.TextChoices):
        NONE = "", _("Not decided yet")
        KEEP = "keep", _("Keep")
        END = "end", _("End")

    id = models.BigAutoField(primary_key=True)
    review = models.ForeignKey(AccessReview, on_delete=models.CASCADE, db_index=False, related_name="items")
    kind = CodeField(max_length=16, choices=Kind)
    user = user_key("+", db_index=False)
    # References without a constraint: a review outlives what it speaks of.
    device = models.ForeignKey(
        Device,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
    )
    session = models.ForeignKey(
        Session,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
    )
    # A credential of another package, by the names that its bridge has given it: no secret (docs/bridges.md).
    package = models.CharField(max_length=32, blank=True, default="", db_default="")
    credential = models.CharField(max_length=255, blank=True, default="", db_default="")
    credential_kind = models.CharField(max_length=16, blank=True, default="", db_default="")
    # The rest of it as it was when the review began. The label, what its app is called, goes where somebody is erased.
    label = models.CharField(max_length=255, blank=True, default="", db_default="")
    scopes = models.CharField(max_length=1000, blank=True, default="", db_default="")
    # NULL: it never ends by itself.
    expires_at = models.DateTimeField(null=True, blank=True)
    # How it was when the review began.
    sign_ins = models.PositiveIntegerField(default=1)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    decision = CodeField(max_length=16, choices=Decision, blank=True, default="", db_default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = user_key("+", db_index=False)
    # What ended; empty where nothing was left to end.
    act = models.ForeignKey(
        Act,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("access review line")
        verbose_name_plural = _("access review lines")
        indexes = [
            models.Index(fields=["review", "decision", "id"], name="sessions_ui_review_items"),
            models.Index(fields=["user"], name="sessions_ui_review_item_user"),  # for the erasure
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
