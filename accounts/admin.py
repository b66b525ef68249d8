"""People in Django's admin: what they may do, whether they may sign in."""

from __future__ import annotations

import allauth.mfa.admin  # noqa: F401  registers what is replaced below
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.db import router
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from sessions_ui.admin import CappedPaginator, PersonLinkMixin


@admin.register(User)
class UserAdmin(PersonLinkMixin, BaseUserAdmin):
    list_display = ("email", "name", "is_active", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    # Exact, so that an agent finds whom a caller names, and nobody leafs through people.
    search_fields = ("email__iexact",)
    search_help_text = _("The whole email address.")
    ordering = ("email",)
    paginator = CappedPaginator
    show_full_result_count = False
    readonly_fields = ("date_joined", "last_login", "language")
    fieldsets = (
        (None, {"fields": ("email", "name", "language", "password")}),
        (
            _("Permissions"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Read users from the database that is written to, not from a replica, because the page says who may sign
        in."""
        return super().get_queryset(request).using(router.db_for_write(User))


# allauth's own page shows and edits the secret of a second factor, which makes every reader of it a second owner.
admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class AuthenticatorAdmin(admin.ModelAdmin):
    """Which second factors somebody has. They can be taken away, never read, added or changed."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    paginator = CappedPaginator
    show_full_result_count = False
    search_fields = ("user__email__iexact",)
    search_help_text = _("The whole email address.")
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        return False
