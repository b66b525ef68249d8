"""Recoveries after "This wasn't me", to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.admin.base import ReadOnlyAdmin, person
from sessions_ui.models import Recovery


@admin.register(Recovery)
class RecoveryAdmin(ReadOnlyAdmin):
    """Each case with its steps. The help desk ends one, nobody here."""

    list_display = ("account", "state", "opened_at", "opened_by", "expires_at", "closed_at", "ticket")
    list_select_related = ("user",)
    ordering = ("-id",)
    fields = readonly_fields = (
        "public_id",
        "account",
        "opened_at",
        "opened_by",
        "who",
        "since",
        "address",
        "needs_password",
        "password_at",
        "credentials_at",
        "expires_at",
        "closed_at",
        "closed_why",
        "ended_by",
        "ticket",
    )

    @admin.display(description=_("user"), ordering="user_id")
    def account(self, recovery: Recovery) -> str:
        return person(recovery.user, recovery.user_id)

    @admin.display(description=_("opened by"))
    def who(self, recovery: Recovery) -> str:
        return person(recovery.actor, recovery.actor_id)

    @admin.display(description=_("closed by"))
    def ended_by(self, recovery: Recovery) -> str:
        return person(recovery.closed_by, recovery.closed_by_id)

    @admin.display(description=_("state"))
    def state(self, recovery: Recovery) -> str:
        return recovery.get_closed_why_display() if recovery.closed_why else gettext("Open")
