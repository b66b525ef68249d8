"""A device: what the sessions of one user on one browser or app installation have in common."""

from __future__ import annotations

import re
import secrets

from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.conf.secret_keys import secrets_of_settings
from sessions_ui.models.fields import CodeField, new_public_id, user_key
from sessions_ui.models.primary import PrimaryModel

COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


def new_cookie() -> str:
    """Return 256 random bits."""
    return secrets.token_urlsafe(32)


def is_cookie(text: str | None) -> bool:
    """Return whether it can be a cookie that we gave out.

    A browser must not choose its own, which might be anybody's.
    """
    return text is not None and COOKIE.fullmatch(text) is not None


def cookie_digests(user_pk: object, cookie: str) -> list[str]:
    """Return the digests under which a device cookie of this user may be stored, the current one first.

    The user is part of it, so that two accounts of one browser cannot be linked. The fallback secrets come after the
    current one, so that rotating SECRET_KEY makes no device a new one.
    """
    return [
        salted_hmac(
            "sessions_ui.device", f"{user_pk}:{cookie}", secret=secret, algorithm="sha256"
        ).hexdigest()
        for secret in secrets_of_settings()
    ]


class Device(PrimaryModel):
    """One browser or app installation of one user, recognised by its device cookie, never by its user agent."""

    class Kind(models.TextChoices):
        COMPUTER = "computer", _("Computer")
        PHONE = "phone", _("Phone")
        TABLET = "tablet", _("Tablet")
        TV = "tv", _("TV")
        CONSOLE = "console", _("Game console")
        WATCH = "watch", _("Watch")
        APP = "app", _("App")
        TOOL = "tool", _("Command line")
        BOT = "bot", _("Bot")
        UNKNOWN = "", _("Unknown kind")

    id = models.BigAutoField(primary_key=True)
    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    user = user_key("devices", db_index=False)
    cookie_digest = models.CharField(max_length=64, editable=False, blank=True)
    name = models.CharField(_("name"), max_length=64, blank=True)
    kind = CodeField(max_length=16, choices=Kind, blank=True, default=Kind.UNKNOWN)
    maker = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=64, blank=True)
    browser = models.CharField(max_length=64, blank=True)
    system = models.CharField(max_length=64, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)
    # When the cookie of a lost device was last set, as far as its sessions knew; written when they are purged.
    cookie_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Its device cookie was seen on a browser or system that cannot be the one it was given to.
    copied_at = models.DateTimeField(null=True, blank=True)
    # A sign-in there was not its owner's: it does not count as known, unless it is confirmed after all.
    not_me_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="sessions_ui_device_public_id"),
        ]
        indexes = [
            models.Index(fields=["user", "cookie_digest"], name="sessions_ui_device_cookie"),
            models.Index(fields=["kind", "id"], name="sessions_ui_device_kind"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The user's own name for it, otherwise the derived one."""
        return self.name or self.derived_name

    @property
    def make(self) -> str:
        """Maker and model, the maker once: "Samsung SM-S928B", but "Google Pixel Watch 3". Empty where unknown."""
        if self.model.casefold().startswith(self.maker.casefold()):
            return self.model
        return f"{self.maker} {self.model}".strip()

    @property
    def derived_name(self) -> str:
        """What the client told of itself: "Firefox on Linux". Unknown parts are left out, never guessed."""
        if self.browser and self.system:
            return gettext("%(browser)s on %(system)s") % {"browser": self.browser, "system": self.system}
        return self.browser or self.system or gettext("Unknown device")
