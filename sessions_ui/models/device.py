"""A device: what the sessions of one user on one browser or app installation have in common."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.client.marketing import marketing_name
from sessions_ui.models.device_cookie import DeviceCookieValue
from sessions_ui.models.fields import CodeField, new_public_id, user_key
from sessions_ui.models.primary import PrimaryModel


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
    # Of the series of its device cookie (`device_cookie.py`); empty where it has none, as with what was adopted.
    cookie_digest = models.CharField(max_length=64, editable=False, blank=True)
    # The number of the newest value of its cookie that was given out, and of the newest that has come back.
    cookie_issued = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    cookie_seen = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    name = models.CharField(_("name"), max_length=64, blank=True)
    kind = CodeField(max_length=16, choices=Kind, blank=True, default=Kind.UNKNOWN)
    maker = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=64, blank=True)
    browser = models.CharField(max_length=64, blank=True)
    system = models.CharField(max_length=64, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now)
    # The account began on it, as far as anybody knows: nobody had signed in to the account before its first sign-in
    # here, or it was signed in there before the site had this app (adoption).
    from_start = models.BooleanField(default=False, db_default=False, editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)
    # When the cookie of a lost device was last set, as far as its sessions knew; written when they are purged.
    cookie_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Its device cookie came with a value that had been replaced, or from a browser or system that cannot be the one it
    # was given to: one of the two is a copy.
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

    def accepts(self, value: DeviceCookieValue) -> bool:
        """Return whether a value of its device cookie is good, or else a copy.

        Good is the value that was seen last, because the answer with its successor may have been lost, and each of its
        successors, because two tabs may have signed in at once, until one of them is seen: then the others are not. A
        value that is newer than any the database knows of was given out before that was restored, or failed over.
        """
        return value.number > self.cookie_issued or self.cookie_seen in (value.number, value.parent)

    @property
    def title(self) -> str:
        """The user's own name for it, otherwise the derived one."""
        return self.name or self.derived_name

    @property
    def make(self) -> str:
        """Maker and model, the maker once: "Samsung Galaxy Tab S9", but "Google Pixel Watch 3". Empty where unknown."""
        model = self.marketing_name or self.model
        if model.casefold().startswith(self.maker.casefold()):
            return model
        return f"{self.maker} {model}".strip()

    @property
    def marketing_name(self) -> str:
        """What people call the model; empty where it is no code, or one that nobody has written down."""
        return marketing_name(self.model)

    @property
    def model_text(self) -> str:
        """The model with its code beside it: "Galaxy Tab S9 (SM-X710)"; empty where unknown."""
        return f"{self.marketing_name} ({self.model})" if self.marketing_name else self.model

    @property
    def is_named_by_model(self) -> bool:
        """Whether it is an app's, and the derived name says on what machine, not on what system."""
        return bool(self.kind == self.Kind.APP and self.browser and self.model)

    @property
    def derived_name(self) -> str:
        """What the client told of itself: "Firefox on Linux", of an app "Example App on iPhone 15 Pro". Unknown parts
        are left out, never guessed."""
        if self.is_named_by_model:
            # "Apple" says nothing that is not in the name.
            machine = self.model if self.maker == "Apple" else self.make
            return gettext("%(browser)s on %(system)s") % {"browser": self.browser, "system": machine}
        if self.browser and self.system:
            return gettext("%(browser)s on %(system)s") % {"browser": self.browser, "system": self.system}
        return self.browser or self._machine or self.system or gettext("Unknown device")

    @property
    def _machine(self) -> str:
        """What a machine without a browser is called, which people know better than its system: "Apple TV"."""
        is_machine = self.kind in (self.Kind.TV, self.Kind.CONSOLE, self.Kind.WATCH)
        if not is_machine:
            return ""
        return self.marketing_name or (self.model if self.maker in ("Apple", "Sony", "Nintendo") else "")
