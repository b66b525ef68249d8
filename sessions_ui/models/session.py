"""A session: one authenticated thing that can act as a user, or a plain anonymous Django session."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.db import models, router, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.assurance import Authentication, Level, acr_of, amr_of, level_of
from sessions_ui.client import Place
from sessions_ui.exceptions import SessionEnded, StaleSession
from sessions_ui.models.act import Act
from sessions_ui.models.containment import is_contained
from sessions_ui.models.device import Device
from sessions_ui.models.end_reason import EndReason
from sessions_ui.models.fields import CodeField, new_public_id, user_key
from sessions_ui.models.locking import locked
from sessions_ui.models.primary import PrimaryManager, PrimaryModel, PrimaryQuerySet

# What the key of a session is hashed with, by the kind of the session, so that none is found in another kind's place:
# the key of an app sent as a cookie is unknown, and the other way round. The first byte is in no text in UTF-8, so that
# no key can be made up that begins like this.
DOMAINS = {"browser": b"", "app": b"\xffapp:", "token": b"\xfftoken:"}


def digest_of(key: str, kind: str = "browser") -> str:
    """Return the SHA-256 of a session key, or of an access token, in hex, 64 characters. The key itself is never stored
    (ASVS 5.0 7.2.2).

    `kind`: that of its session (`Session.Kind`); each has digests of its own.
    """
    return hashlib.sha256(DOMAINS[kind] + key.encode()).hexdigest()


# In place of a session's auth hash: the account was switched off since it signed in. Only the optional database trigger
# writes it (docs/production.md); no secret makes a hash like that.
ACCOUNT_WAS_OFF = "!"

# Columns that say whose session it is, which key opens it and when it is over.
DECISIVE = (
    "digest",
    "previous_digest",
    "user_id",
    "backend",
    "auth_hash",
    "latest_end_at",
    "impersonator_id",
    "impersonated_from_id",
    "generation",
    "ended_at",
    "end_reason",
)


# The same as fields, and how long it lives.
GUARDED = (*(name.removesuffix("_id") for name in DECISIVE), "expires_at")


# Used from another address than at the sign-in. Only these have an index of the current address, so neither a sign-in
# nor an ending writes it, and a touch only where the address changes.
MOVED = Q(address__isnull=False) & (Q(first_address__isnull=True) | ~Q(address=F("first_address")))


class SessionQuerySet(PrimaryQuerySet["Session"]):
    def living(self) -> SessionQuerySet:
        """Return those that are signed in, not ended and within their time.

        A disabled user's are among them until they are refused.
        """
        rows = self.filter(user__isnull=False, ended_at__isnull=True, expires_at__gt=timezone.now())
        return rows.uncontained()

    def uncontained(self) -> SessionQuerySet:
        """Leave out the sessions that an incident has ended, whose rows may say so only later."""
        found: Any = self.with_containment()
        rows: SessionQuerySet = found.filter(is_contained=False)
        return rows

    def with_containment(self) -> SessionQuerySet:
        """Have the rows know whether an incident has ended them, for whoever shows ended ones, too (`is_over`). Once is
        enough: whoever leaves some of them out afterwards puts the condition together no second time."""
        if "is_contained" in self.query.annotations:
            return self
        return self.annotate(is_contained=is_contained())

    def bulk_update(self, objs: Any, fields: Any, *args: Any, **options: Any) -> int:
        """Update as Django does, but raise `StaleSession` for `GUARDED` fields.

        What an instance remembers of them may be from before the end.
        """
        if decisive := {*fields} & {*GUARDED}:
            raise StaleSession(f"not in bulk: {', '.join(sorted(decisive))}")
        return super().bulk_update(objs, fields, *args, **options)

    def bulk_create(self, objs: Any, *args: Any, update_conflicts: bool = False, **options: Any) -> Any:
        if update_conflicts:
            raise StaleSession("a row that is there already is not written over")
        return super().bulk_create(objs, *args, **options)

    def sign_ins(self) -> SessionQuerySet:
        """Leave out access tokens: they are no sign-in, have no device, and people look for them elsewhere."""
        return self.exclude(kind=Session.Kind.TOKEN)

    def tokens(self) -> SessionQuerySet:
        return self.filter(kind=Session.Kind.TOKEN)

    def by_owner(self) -> SessionQuerySet:
        """Leave out those in which staff uses the account."""
        return self.filter(impersonated_from__isnull=True)

    def of(self, user: Any) -> SessionQuerySet:
        return self.filter(user_id=user.pk)

    def ended_since(self, moment: datetime) -> SessionQuerySet:
        return self.filter(ended_at__gte=moment).order_by("-ended_at")


SessionManager = PrimaryManager.from_queryset(SessionQuerySet)


class Session(PrimaryModel):
    """One session: a user's, or an anonymous one.

    Ended sessions stay as history until the retention time is over; anonymous ones go when they expire. No index
    mentions what an ending or a touch writes, so that ending and touching stay cheap (HOT) updates on PostgreSQL.
    """

    class Kind(models.TextChoices):
        BROWSER = "browser", _("Browser")
        APP = "app", _("App")
        TOKEN = "token", _("Access token")

    id = models.BigAutoField(primary_key=True)
    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    # The digest before the last rotation: for a minute its holder is a straggler, not a stranger.
    previous_digest = models.CharField(max_length=64, null=True, blank=True, editable=False)  # noqa: DJ001
    rotated_at = models.DateTimeField(null=True, blank=True)

    kind = CodeField(max_length=16, choices=Kind, default=Kind.BROWSER)
    user = user_key("sessions", db_index=False)
    device = models.ForeignKey(
        Device, on_delete=models.SET_NULL, null=True, blank=True, related_name="sessions"
    )
    # Django's three `_auth_*` keys live in columns only, so that the payload need not be decoded to know the user.
    backend = models.CharField(max_length=255, blank=True, editable=False)
    auth_hash = models.CharField(max_length=128, blank=True, editable=False)
    # The hash of a password that this very session is changing: users are saved before sessions, and between the two
    # the session must not be taken for one of the old password.
    next_auth_hash = models.CharField(max_length=128, blank=True, default="", db_default="", editable=False)
    payload = models.TextField(blank=True, editable=False)

    created_at = models.DateTimeField(default=timezone.now)
    signed_in_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    # An agreed end of access (offboarding). Whatever writes `expires_at` keeps to it, so that requests need not ask.
    latest_end_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Which of ACCESS_FLAGS the user had at sign-in, as ",is_staff,is_superuser,": the sweep ends the session when one
    # is gone, whoever took it. Requests need it for incidents about staff only: rights are read again for each.
    access_flags = models.CharField(max_length=64, blank=True, editable=False)
    # How many incidents had been ordered when it signed in (`Containment`). What came over from another engine has
    # signed in before all of them.
    generation = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    method = models.CharField(max_length=32, blank=True)
    # What was shown, to sign in and since then, as `Authentication.to_dict()` says it. NULL where nobody knows: adopted
    # sessions, those of support, anonymous ones.
    authentication = models.JSONField(null=True, blank=True, editable=False)
    provider = models.CharField(max_length=64, blank=True)
    iss = models.CharField(max_length=255, blank=True)
    sub = models.CharField(max_length=255, blank=True)
    sid = models.CharField(max_length=255, blank=True)
    organization_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    impersonator = user_key("+", db_index=False)
    impersonation_reason = models.CharField(max_length=255, blank=True)
    # The staff member's own session: this one ends with it.
    impersonated_from = models.ForeignKey(
        "self",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="impersonations",
    )

    # The client as it was at sign-in, and as it is now: a change in the middle is a signal.
    first_address = models.GenericIPAddressField(null=True, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    first_user_agent = models.CharField(max_length=512, blank=True)
    user_agent = models.CharField(max_length=512, blank=True)
    first_place = models.JSONField(null=True, blank=True)
    place = models.JSONField(null=True, blank=True)
    # The country of the first place, by itself, because administrators filter by it.
    first_country = models.CharField(max_length=2, blank=True, editable=False)
    browser_version = models.CharField(max_length=32, blank=True)
    system_version = models.CharField(max_length=32, blank=True)

    # What a program of the host project keeps with it (`actions/sessions/metadata.py`); NULL for nearly all.
    metadata = models.JSONField(null=True, blank=True, editable=False)

    # How `risk.py` classified the sign-in: a `Level` and `Reason`s. Reviewed once the owner said whose it was.
    verdict = models.CharField(max_length=16, blank=True, default="", db_default="")
    verdict_reasons = models.JSONField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)

    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = CodeField(max_length=32, choices=EndReason, blank=True)
    ended_by = user_key("+", db_index=False)
    # Without an index, because ending writes it: look for the sessions of an act among those of its users.
    act = models.ForeignKey(
        Act,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="sessions",
    )
    # When its owner was last told that it will end because nobody uses it (`actions/endings/unused.py`).
    unused_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The first request refused after the end: the proof that the ending works.
    refused_at = models.DateTimeField(null=True, blank=True)
    # When a stream first told its open tabs of the end (stream/watcher.py).
    tabs_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Since when it should not have been signed in, and the act that says so (`actions/endings/happened.py`). What it
    # lived after that is persistence debt (`metrics/debt.py`). NULL for nearly all: over at the moment at which trust
    # was.
    untrusted_since = models.DateTimeField(null=True, blank=True, editable=False)
    untrusted_act = models.ForeignKey(
        Act,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        editable=False,
        related_name="untrusted_sessions",
    )

    objects: ClassVar[SessionManager] = SessionManager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        permissions = [("impersonate", _("Can use the account of somebody else (impersonate)"))]
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="sessions_ui_session_digest"),
            models.UniqueConstraint(fields=["public_id"], name="sessions_ui_session_public_id"),
        ]
        indexes = [
            models.Index(fields=["user", "id"], name="sessions_ui_session_user"),
            models.Index(fields=["previous_digest"], name="sessions_ui_session_previous"),
            models.Index(fields=["signed_in_at"], name="sessions_ui_session_signed_in"),
            models.Index(fields=["first_address"], name="sessions_ui_session_address"),
            models.Index(fields=["address"], name="sessions_ui_session_moved", condition=MOVED),
            models.Index(fields=["first_country", "signed_in_at"], name="sessions_ui_session_country"),
            # Browsers are found by walking back from the newest: most are.
            models.Index(
                fields=["kind", "signed_in_at"], name="sessions_ui_session_apps", condition=~Q(kind="browser")
            ),
            # What a provider speaks of when it signs somebody out; most sessions have neither.
            models.Index(fields=["sid"], name="sessions_ui_session_sid", condition=Q(sid__gt="")),
            models.Index(fields=["sub"], name="sessions_ui_session_sub", condition=Q(sub__gt="")),
            models.Index(
                fields=["impersonated_from"],
                name="sessions_ui_session_from",
                condition=Q(impersonated_from__isnull=False),
            ),
            # An ending writes it only where trust ended before: all others stay HOT.
            models.Index(
                fields=["untrusted_act"],
                name="sessions_ui_session_untrusted",
                condition=Q(untrusted_act__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def save(self, *, using: str | None = None, **options: Any) -> None:
        """Save as Django does, but never let what the instance remembers undo what was decided since.

        Raises `SessionEnded` where the row has ended, `StaleSession` where it is gone, where one of `DECISIVE` differs
        by now, or where it would live longer than the row says. To change these on purpose is for the actions, whose
        UPDATEs repeat their conditions.
        """
        super().save(using=using or router.db_for_write(type(self), instance=self), **options)

    def save_base(
        self,
        raw: bool = False,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Any = None,
    ) -> None:
        """Keep what `save()` promises; it is done here because this can be called without it."""
        database = using or router.db_for_write(type(self), instance=self)
        if self._state.adding:
            super().save_base(raw=raw, force_insert=force_insert or True, using=database)
            return
        with transaction.atomic(using=database):
            rows = type(self)._base_manager.using(database).filter(pk=self.pk)
            self._verify_current(locked(rows).values("expires_at", *DECISIVE).first())
            super().save_base(raw, force_insert, force_update, database, update_fields)

    def _verify_current(self, row: Mapping[str, Any] | None) -> None:
        if row is None:
            raise StaleSession("the row is gone")
        if row["ended_at"] is not None:
            raise SessionEnded(EndReason(row["end_reason"]))
        if changed := [name for name in DECISIVE if row[name] != getattr(self, name)]:
            raise StaleSession(f"changed since: {', '.join(changed)}")
        if self.expires_at > row["expires_at"]:
            raise StaleSession("it ends earlier by now")

    @property
    def is_over(self) -> bool:
        """Whether somebody or something has ended it; an incident, too, of a row that `with_containment()` has read."""
        return self.ended_at is not None or bool(self.__dict__.get("is_contained"))

    @property
    def is_living(self) -> bool:
        """Whether it is signed in, as far as its row says, and incidents where it was read `with_containment()`."""
        return self.user_id is not None and not self.is_over and self.expires_at > timezone.now()

    @property
    def why_over(self) -> str:
        """Why it is over (`EndReason`); empty where it is not."""
        return self.end_reason or (str(EndReason.INCIDENT) if self.is_over else "")

    @property
    def needs_a_look(self) -> bool:
        """Whether it was flagged and its owner has not said yet whose it is."""
        return bool(self.verdict) and self.reviewed_at is None and self.is_living

    @property
    def current_place(self) -> Place | None:
        return Place.from_dict(self.place)

    @property
    def shown(self) -> list[Authentication]:
        """What was shown in this session, to sign in and since then; the oldest first."""
        return [Authentication.from_dict(one) for one in self.authentication or ()]

    @property
    def assurance_level(self) -> Level:
        """The level of NIST SP 800-63B-4 that this makes (docs/assurance.md)."""
        return level_of(self.shown)

    @property
    def amr(self) -> list[str]:
        """What was shown, as Authentication Method References (RFC 8176)."""
        return amr_of(self.shown)

    @property
    def acr(self) -> str:
        """The level as an Authentication Context Class Reference; empty where it is unknown."""
        return acr_of(self.assurance_level)

    @property
    def reason_in_words(self) -> str:
        return str(EndReason(self.why_over).label) if self.why_over else ""
