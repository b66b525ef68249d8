"""What was decided about an account, in one row of our own that both sign-ins and decisions write."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.utils import timezone

from sessions_ui.conf import conf
from sessions_ui.models.bulk import insert_from
from sessions_ui.models.clock import DatabaseNow
from sessions_ui.models.fields import OneUserKey, user_key
from sessions_ui.models.primary import PrimaryManager, PrimaryModel, PrimaryQuerySet


class AccountStateQuerySet(PrimaryQuerySet["AccountState"]):
    def write(self, users: Collection[Any] | QuerySet[Any], **changes: Any) -> None:
        """Write these columns of these users' states; missing states are made first.

        `users`: primary keys, or a queryset of users (in the same database) where they are too many to name. One
        statement where every state is there; three where some are not.
        """
        keys: Any = users.order_by().values("pk") if isinstance(users, QuerySet) else users
        states = self.filter(user_id__in=keys)
        changes["changed_at"] = timezone.now()
        if "epoch" in changes:
            changes["decided_at"] = DatabaseNow()
        if "tokens_ended_for" in changes:
            changes["tokens_ended_at"] = DatabaseNow()
        written = states.update(**changes)
        missing = (
            users.order_by().exclude(Exists(self.filter(user_id=OuterRef("pk")))).exists()
            if isinstance(users, QuerySet)
            else written < len(set(users))
        )
        if missing:
            self._add_missing(users)
            states.update(**changes)

    def unused_months_of(self, user_id: Any) -> int:
        """Return after how many months without use a sign-in of this user ends: as they chose, else as the site says; 0
        is never. One statement."""
        chosen = self.filter(pk=user_id).values_list("unused_months", flat=True).first()
        return conf.sign_out_unused_months if chosen is None else chosen

    def _add_missing(self, users: Collection[Any] | QuerySet[Any]) -> None:
        """Insert the states that are missing.

        Somebody else may insert the same at this moment: then that is waited for, and stays as it is.
        """
        if isinstance(users, QuerySet):
            columns = {"user_id": F("pk"), "epoch": Value(0), "sign_ins": Value(0)}
            columns |= {"reason": Value(""), "tokens_ended_for": Value("")}
            columns["changed_at"] = Value(timezone.now(), models.DateTimeField())
            insert_from(self.model, users, columns, ignore_conflicts=True)
        else:
            rows = [self.model(user_id=pk) for pk in sorted(set(users))]
            self.bulk_create(rows, ignore_conflicts=True, batch_size=500)


AccountStateManager = PrimaryManager.from_queryset(AccountStateQuerySet)


class AccountState(PrimaryModel):
    """What was decided about one account, and how often it was signed in to.

    Every decision about an account raises its `epoch`, also where there was nothing left to end; every sign-in counts
    in `sign_ins`. So the two never pass each other unseen: at READ COMMITTED the second waits, at a stricter isolation
    level and between the nodes of a cluster the database refuses one of them, which is repeated (`transactions.py`).

    A sign-in of several steps carries the epoch of its first one, and is refused at another
    (`actions/sign_in/pending.py`).
    """

    user = OneUserKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="+",
    )
    epoch = models.PositiveBigIntegerField(default=0)
    # The reason of the last decision, an `EndReason`: a sign-in that waited meanwhile is refused for it.
    reason = models.CharField(max_length=32, blank=True)
    # When that was, by the database's clock: for a user of whom nobody knows at which epoch they were put into a
    # session (`actions/sign_in/written.py`).
    decided_at = models.DateTimeField(null=True, blank=True)
    # When everything that acts for the account without a browser was last ended, by the same clock, and the reason
    # (`actions/endings/bridged/late_credentials.py`). A later decision that leaves tokens does not change it.
    tokens_ended_at = models.DateTimeField(null=True, blank=True)
    tokens_ended_for = models.CharField(max_length=32, blank=True)
    sign_ins = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now)

    # All of the account's sessions were ended then: nothing that another engine still holds of it is adopted any more.
    cut_at = models.DateTimeField(null=True, blank=True)
    # Nobody signs in until a new password is chosen. The old one stays usable for Django's reset form, which skips
    # people without a password; it just signs nobody in.
    password_required_at = models.DateTimeField(null=True, blank=True)
    password_required_by = user_key("+", db_index=False)
    # When the password was last changed or reset, as far as signals told, and the session that was kept then (the one
    # that made the change): whatever else signed in before should not be signed in (`metrics/lingering.py`).
    password_changed_at = models.DateTimeField(null=True, blank=True)
    password_kept_id = models.BigIntegerField(null=True, blank=True)
    # The account is being recovered (the open `Recovery`): what was added to it from this moment on signs nobody in,
    # and until the second moment nobody changes how it is signed in to.
    recovering_since = models.DateTimeField(null=True, blank=True)
    frozen_until = models.DateTimeField(null=True, blank=True)
    # The date of the open `Offboarding`: from then on nobody signs in.
    ends_at = models.DateTimeField(null=True, blank=True)
    # After how many months without use a sign-in ends, as its owner has chosen; 0 is never, NULL what the site says
    # (`actions/sessions/unused.py`).
    unused_months = models.PositiveSmallIntegerField(null=True, blank=True)

    # What a sign-in reads together with its state: `Containment.generation`.
    generation: int
    # Likewise, whether nobody signs in to it (`ServiceAccount`).
    is_service: bool

    objects: ClassVar[AccountStateManager] = AccountStateManager()

    class Meta:
        verbose_name = "account state"
        verbose_name_plural = "account states"

    def __str__(self) -> str:
        return f"user {self.pk}, epoch {self.epoch}"
