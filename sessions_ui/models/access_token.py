"""Access tokens: what is known of one beside its session, and the accounts that no person signs in to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, router
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.models.containment import is_contained
from sessions_ui.models.end_reason import EndReason
from sessions_ui.models.fields import OneUserKey, user_key
from sessions_ui.models.primary import PrimaryManager, PrimaryModel, PrimaryQuerySet
from sessions_ui.models.session import Session


class AccessTokenQuerySet(PrimaryQuerySet["AccessToken"]):
    def valid(self) -> AccessTokenQuerySet:
        """Return those that are neither over nor out of time."""
        now = timezone.now()
        found: Any = self.filter(
            session__user__isnull=False, session__ended_at__isnull=True, session__expires_at__gt=now
        )
        rows: AccessTokenQuerySet = found.with_containment().filter(is_contained=False)
        return rows

    def with_containment(self) -> AccessTokenQuerySet:
        """As that of sessions."""
        if "is_contained" in self.query.annotations:
            return self
        return self.annotate(is_contained=is_contained("session__"))


AccessTokenManager = PrimaryManager.from_queryset(AccessTokenQuerySet)


class AccessToken(PrimaryModel):
    """What makes a session of the kind `TOKEN` an access token. Whose it is, its digest, when it ends and ended, and
    where it was used are columns of the session, as for every other; so it ends like every other."""

    session = models.OneToOneField(
        Session, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="token"
    )
    name = models.CharField(_("name"), max_length=100)
    # Separated by spaces, as in RFC 6749, 3.3.
    scopes = models.TextField(_("scopes"), blank=True)
    # The last characters of its random part, by which people tell theirs apart.
    hint = models.CharField(max_length=8, editable=False)
    # The program that acts for the person by it, such as an AI assistant; empty for what the person runs.
    agent = models.CharField(_("agent"), max_length=100, blank=True)
    # Who made it, and in which session: an administrator makes those of service accounts.
    made_by = user_key("+", db_index=False)
    made_in = models.ForeignKey(
        Session,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    # Until then the former value is valid as well (`Session.previous_digest`); NULL where it never had another one.
    overlap_ends_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When the former value was used last since the rotation: whatever uses it has not been told the new one.
    former_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    warned_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[AccessTokenManager] = AccessTokenManager()

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")
        permissions = [("manage_tokens", _("Can see and end all access tokens, and manage service accounts"))]

    def __str__(self) -> str:
        return self.name

    @property
    def scope_names(self) -> list[str]:
        return self.scopes.split()

    @property
    def last_used_at(self) -> datetime | None:
        """When it was used last, at most `LAST_SEEN_EVERY` ago; None where it never was: it was "seen" when made."""
        seen = self.session.last_seen_at
        return None if seen == self.session.signed_in_at else seen

    @property
    def is_over(self) -> bool:
        """As that of its session."""
        return self.session.is_over or bool(self.__dict__.get("is_contained"))

    @property
    def is_living(self) -> bool:
        """As that of its session."""
        return self.session.is_living and not self.is_over

    @property
    def why_over(self) -> str:
        """As that of its session."""
        return self.session.end_reason or (str(EndReason.INCIDENT) if self.is_over else "")

    def has_scopes(self, *names: str) -> bool:
        """Return whether it may do all of this."""
        return {*names} <= {*self.scope_names}

    def accepts_former(self, now: datetime) -> bool:
        """Return whether the value before the last rotation is still valid."""
        return self.overlap_ends_at is not None and now < self.overlap_ends_at


class PackageCredential(AccessToken):
    """Stands in the administration for what other packages keep (docs/bridges.md). It has no rows: what its table has
    are the app's own tokens, and nobody asks it."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("app or key of another package")
        verbose_name_plural = _("apps and keys of other packages")


class ServiceAccount(PrimaryModel):
    """A user that is no person: nobody signs in to it, it acts by access tokens alone, and somebody answers for it."""

    user = OneUserKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="+",
    )
    owner = user_key("+")
    purpose = models.CharField(_("purpose"), max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = user_key("+", db_index=False)
    # The owner's access has ended, and nobody has taken it over since.
    orphaned_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("service account")
        verbose_name_plural = _("service accounts")

    def __str__(self) -> str:
        pk: Any = self.pk
        return f"service account {pk}"

    @classmethod
    def is_one(cls, user_id: Any) -> bool:
        """Return whether this user (its key) is a service account."""
        return cls.objects.using(router.db_for_write(cls)).filter(pk=user_id).exists()

    @classmethod
    def is_one_in_sql(cls) -> Exists:
        """Return whether the user of a row is a service account, for a statement that reads something else."""
        return Exists(cls.objects.using(router.db_for_write(cls)).filter(pk=OuterRef("user_id")))
