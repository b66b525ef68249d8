"""An incident: who has to sign in again, why, and what of that is in force at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import models, router
from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.models.ending import Ending, Rule
from sessions_ui.models.fields import CodeField, user_key
from sessions_ui.models.primary import PrimaryModel

APPROVAL_AGE = timedelta(hours=24)  # an order that nobody has approved by then has to be given again


class Limits(NamedTuple):
    """What of every session is over, by the generation that it signed in under (`Containment`)."""

    everyone: int
    staff: int
    before: int
    before_at: datetime | None


class Containment(PrimaryModel):
    """The generations that are over: the one row that each look-up joins. It is missing until the first such incident.

    Each order begins a `generation`, and a sign-in is of the one that it read. Where an order is in force at once,
    sessions below `everyone` are over with the order's commit, those of staff below `staff`, and those below `before`
    that were signed in before `before_at`. No host's clock has a say in the first two, and no sign-in under way gets
    round any of them: it has read its generation before the order was committed, or begins after it.
    """

    KEY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=KEY, editable=False)
    generation = models.PositiveBigIntegerField(default=0)
    everyone = models.PositiveBigIntegerField(default=0)
    staff = models.PositiveBigIntegerField(default=0)
    before = models.PositiveBigIntegerField(default=0)
    before_at = models.DateTimeField(null=True, blank=True)
    # When the last of these orders was given, by the database's clock (`actions/sign_in/written.py`).
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "containment"
        verbose_name_plural = "containments"

    def __str__(self) -> str:
        return f"generation {self.generation}"

    @classmethod
    def read(cls) -> Containment:
        """Return the row, or one that says that nothing is over; one statement, and no lock."""
        rows = cls.objects.using(router.db_for_write(cls))
        return rows.filter(pk=cls.KEY).first() or cls()

    @classmethod
    def generation_in_sql(cls) -> Any:
        """Return the generation as an expression, for a statement that reads something else."""
        rows = cls.objects.using(router.db_for_write(cls)).filter(pk=cls.KEY)
        return Coalesce(Subquery(rows.values("generation")[:1]), 0)

    @property
    def limits(self) -> Limits:
        return Limits(self.everyone, self.staff, self.before, self.before_at)


class Incident(PrimaryModel):
    """One order: who has to sign in again, who ordered it and why, and how far it has come (`ending`).

    It waits for a second administrator as long as neither `ordered_at` nor `declined_at` is set, for `APPROVAL_AGE` at
    most.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a second administrator")
        DECLINED = "declined", _("Declined")
        LAPSED = "lapsed", _("Not approved in time")
        RUNNING = "running", _("Under way")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")

    id = models.BigAutoField(primary_key=True)
    # What it is about (`actions/incidents/criteria.py`).
    criteria = models.JSONField(default=dict)
    # What is in force at once, empty where it takes batches; and from which generation on nobody is concerned.
    rule = CodeField(max_length=16, choices=Rule, blank=True)
    generation = models.PositiveBigIntegerField(null=True, blank=True)

    actor = user_key("+", db_index=False)
    ticket = models.CharField(_("ticket"), max_length=100, blank=True)
    note = models.TextField(_("reason"), blank=True)
    # When trust ended, where that is known: "leaked since Friday".
    happened_at = models.DateTimeField(_("happened at"), null=True, blank=True)
    # Of the form that asked for it, so that this form orders once; none where no form did.
    nonce = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("requested"), default=timezone.now)
    approved_by = user_key("+", db_index=False)
    ordered_at = models.DateTimeField(_("in force since"), null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_by = user_key("+", db_index=False)

    # Primary keys of the sessions that are left out: those in which it was ordered and approved.
    kept = models.JSONField(default=list)
    # How many sessions and people it was about when it was asked for.
    sessions = models.PositiveIntegerField(_("sign-ins"), default=0)
    people = models.PositiveIntegerField(_("people"), default=0)
    ending = models.OneToOneField(
        Ending, on_delete=models.SET_NULL, null=True, blank=True, related_name="incident"
    )

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        permissions = [("order_incident", _("Can sign out many people at once (incident)"))]
        constraints = [
            models.UniqueConstraint(fields=["generation"], name="sessions_ui_incident_generation"),
            models.UniqueConstraint(fields=["nonce"], name="sessions_ui_incident_once"),
        ]

    def __str__(self) -> str:
        return f"incident {self.pk}"

    @property
    def state(self) -> State:
        if self.declined_at is not None:
            return self.State.DECLINED
        if self.ordered_at is None:
            lapsed = self.created_at <= timezone.now() - APPROVAL_AGE
            return self.State.LAPSED if lapsed else self.State.WAITING
        if self.ending is None or self.ending.done_at is not None:
            return self.State.DONE
        return self.State.RUNNING if self.ending.stopped_at is None else self.State.STOPPED
