"""The user: signs in with an e-mail address, has no user name."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.password_upgrade import HashUpgradeMixin


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        if not email:
            raise ValueError("An email address is needed.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(HashUpgradeMixin, AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(_("email address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_staff = models.BooleanField(
        _("staff status"), default=False, help_text=_("May sign in to the administration.")
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Untick this instead of deleting the account.")
    )
    # Empty: not known (`language.py`). The pages go by the browser (`preferences.py`).
    language = models.CharField(_("language of mails"), max_length=16, blank=True, default="", db_default="")
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        # Upper and not Lower: Django's `iexact` compares so, in every search and sign-in, and uses this index.
        constraints = [models.UniqueConstraint(Upper("email"), name="accounts_user_email_iexact")]
        # For the filters of the administration. Ordinary people are in none of them.
        indexes = [
            models.Index(fields=["email"], name="accounts_user_staff", condition=Q(is_staff=True)),
            models.Index(fields=["email"], name="accounts_user_superuser", condition=Q(is_superuser=True)),
            models.Index(fields=["email"], name="accounts_user_inactive", condition=Q(is_active=False)),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = type(self).objects.normalize_email(self.email).lower()

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email


class VerifiedAddress(models.Model):
    """Since when an e-mail address is verified, which allauth does not keep, and until when it was on the account
    (`addresses.py`)."""

    # Without a constraint: it is no reason to keep somebody from removing a user by SQL.
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    email = models.EmailField(_("email address"))
    verified_at = models.DateTimeField(_("verified"))
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)
    # Whether a session that vouches for itself did it, or has shown more than it signed in with; None where no session
    # of the account did, or nobody knows.
    removed_by_settled = models.BooleanField(_("removed by its owner"), null=True, blank=True)

    class Meta:
        verbose_name = _("verified address")
        verbose_name_plural = _("verified addresses")
        constraints = [
            models.UniqueConstraint(fields=["user", "email"], name="accounts_verified_address_once")
        ]
        # The help desk finds people by former addresses. They are in lower case.
        indexes = [models.Index(fields=["email"], name="accounts_verified_email")]

    def __str__(self) -> str:
        return self.email

    @property
    def recovers(self) -> bool:
        """Return whether codes and resets may go there: not once its owner has removed it. A thief who did so had no
        session that vouches for itself."""
        return self.removed_at is None or self.removed_by_settled is False
