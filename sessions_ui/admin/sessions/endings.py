"""Large sign-outs that a worker carries out: how far each has come, and another try for what failed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sessions_ui.actions.endings.bulk.stop import retry_failed
from sessions_ui.admin.base import ReadOnlyAdmin, person, users_exactly
from sessions_ui.models import Ending


@admin.register(Ending)
class EndingProgressAdmin(ReadOnlyAdmin):
    """How far each large sign-out has come; what failed can be tried again."""

    list_display = (
        "created_at",
        "reason",
        "who",
        "progress",
        "ended",
        "failed",
        "bridged",
        "done_at",
        "ticket",
    )
    list_filter = ("reason",)
    list_select_related = ("actor",)
    ordering = ("-id",)
    actions = ("retry",)
    search_help_text = _("The whole email address or user name of the person who decided.")
    fields = readonly_fields = (
        "created_at",
        "reason",
        "who",
        "ticket",
        "note",
        "progress",
        "ended",
        "failed",
        "bridged",
        "done_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ending]:
        of_bridges = Q(batches__bridge__gt="")
        return (
            super()
            .get_queryset(request)
            .annotate(
                ended_so_far=Sum("batches__ended"),
                looked_at=Sum("batches__size", filter=Q(batches__done_at__isnull=False)),
                failed_so_far=Sum("batches__size", filter=Q(batches__failed_at__isnull=False)),
                bridged_parts=Count("batches", filter=of_bridges),
                bridged_done=Count("batches", filter=of_bridges & Q(batches__done_at__isnull=False)),
                bridged_failed=Count("batches", filter=of_bridges & Q(batches__failed_at__isnull=False)),
            )
        )

    def exactly(self, term: str) -> Q:
        return Q(actor_id__in=users_exactly(term))

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_ui.change_session")

    @admin.action(description=_("Try again what failed"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        count = retry_failed(Ending.objects.filter(pk__in=queryset.order_by().values("pk")))
        if not count:
            messages.warning(request, gettext("None of these has failed."))
            return
        text = ngettext(
            "%(count)d batch will be tried again.", "%(count)d batches will be tried again.", count
        )
        messages.success(request, text % {"count": count})

    @admin.display(description=_("ordered by"))
    def who(self, ending: Ending) -> str:
        return person(ending.actor, ending.actor_id)

    @admin.display(description=_("progress"))
    def progress(self, ending: Any) -> str:
        """Return "400 of 5,000": sessions that had ended otherwise count as done."""
        return gettext("%(done)d of %(total)d") % {"done": ending.looked_at or 0, "total": ending.total}

    @admin.display(description=_("apps and keys"))
    def bridged(self, ending: Any) -> str:
        """Return how far the batches are that end credentials of other packages; empty where there are none."""
        if not ending.bridged_parts:
            return ""
        said = gettext("%(done)d of %(total)d") % {"done": ending.bridged_done, "total": ending.bridged_parts}
        return f"{said}, {gettext('failed')}: {ending.bridged_failed}" if ending.bridged_failed else said

    @admin.display(description=_("signed out"))
    def ended(self, ending: Any) -> int:
        return ending.ended_so_far or 0

    @admin.display(description=_("failed"))
    def failed(self, ending: Any) -> int:
        return ending.failed_so_far or 0
