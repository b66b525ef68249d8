"""A mailed code: everybody who can read the account's mail has it, and a thief of the password does not."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sessions_ui.models.codes import OneTimeCode
from sessions_ui.models.fields import CodeField, user_key
from sessions_ui.models.session import Session


class VerificationCode(OneTimeCode):
    """One code, for one purpose in one session (`actions/step_up/codes.py`). It is good until `expires_at`, for five
    tries; of several the newest counts."""

    CODE_SALT = "sessions_ui.proof"

    class Purpose(models.TextChoices):
        END_OLDER = (
            "end_older",
            _("sign out other devices or apps, or change when unused ones are signed out"),
        )
        CONFIRM = "confirm", _("confirm or change a device")
        RECOVER = "recover", _("get your account back")
        SIGN_IN = "sign_in", _("continue signing in")
        CREDENTIAL = "credential", _("change how you sign in")
        ADMINISTRATION = "administration", _("act as an administrator")

    id = models.BigAutoField(primary_key=True)
    user = user_key("+", db_index=False)
    # The session that asks; an anonymous one where a sign-in waits for the code.
    session = models.ForeignKey(
        Session, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    purpose = CodeField(max_length=16, choices=Purpose)
    nonce = models.CharField(max_length=32, editable=False)
    # Who asked, as far as it can be told: a confirmed device, or a network, of which a keyed digest is stored.
    asked_by = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    given_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("verification code")
        verbose_name_plural = _("verification codes")
        indexes = [models.Index(fields=["user", "id"], name="sessions_ui_code_user")]

    def __str__(self) -> str:
        return f"{self.purpose} #{self.pk}"
