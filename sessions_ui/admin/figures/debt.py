"""Persistence debt: how long sessions lived after trust had ended, and what is signed in now and should not be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sessions_ui.actions.endings.reconcile.lingering import end_lingering
from sessions_ui.admin.base import person
from sessions_ui.admin.figures.pictures import Bars, Columns, bars, columns
from sessions_ui.admin.tokens.package_credentials import may_look
from sessions_ui.metrics.containment import Demand, containment
from sessions_ui.metrics.debt import Cause, Debt, debt
from sessions_ui.metrics.lingering import CERTAIN, Kind, lingering
from sessions_ui.models import EndReason
from sessions_ui.models.primary import all_users

DAYS = 14
BARS = 8
EXAMPLES = 5  # sign-ins of each kind that are named
MINUTE = timedelta(minutes=1)

CAUSES = {
    Cause.MANUAL: gettext_lazy("Somebody had to report it"),
    Cause.PARTIAL: gettext_lazy("Some stayed signed in after the report"),
    Cause.DELAYED: gettext_lazy("A program’s report, or a batch, came late"),
}
DEMANDS = {
    Demand.RESET: gettext_lazy("Passwords changed or reset"),
    Demand.LEAVER: gettext_lazy("People who left"),
    Demand.LOSS: gettext_lazy("Devices lost"),
    Demand.INCIDENT: gettext_lazy("Incidents"),
}
KINDS = {
    Kind.DISABLED: gettext_lazy("Disabled accounts"),
    Kind.DELETED: gettext_lazy("Deleted accounts"),
    Kind.LEFT: gettext_lazy("People whose access has ended"),
    Kind.LOST: gettext_lazy("Devices that were reported lost"),
    Kind.BEFORE_PASSWORD: gettext_lazy("Signed in before the last password change"),
    Kind.TOO_OLD: gettext_lazy("Signed in a very long time ago"),
    Kind.UNUSED: gettext_lazy("Not used for a long time"),
    Kind.ORPHANED: gettext_lazy("Service accounts without an owner"),
    Kind.UNUSED_TOKEN: gettext_lazy("Unused access tokens"),
    Kind.BRIDGED: gettext_lazy("Apps and keys of accounts whose access has ended"),
}


def debt_page(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponseBase:
    """Show the debt of the last days; a POST ends what should not be signed in."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    may_end = request.user.has_perm("sessions_ui.change_session")
    if request.method == "POST":
        if not may_end:
            raise PermissionDenied
        return _end(request)
    now = timezone.now()
    found, living = debt(now, days=DAYS), lingering(now, examples=EXAMPLES)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Persistence debt"),
        "opts": model_admin.opts,
        "days": DAYS,
        "debt": found,
        "total": duration(timedelta(seconds=found.seconds)),
        "causes": [(CAUSES[cause], duration(amount)) for cause, amount in found.by_cause().items()],
        "containment": [contained(each) for each in containment(found)],
        "people": people(found),
        "lingering": [(KINDS[each.kind], each) for each in living],
        # Of which kind there is a list of its own, for whoever may see it.
        "bridged": Kind.BRIDGED if may_look(request.user) else None,
        "may_end": may_end and any(each.number for each in living if each.kind in CERTAIN),
        "bars": [chart] if (chart := by_reason(found)).bars else [],
        "columns": [by_day(found)],
    }
    return TemplateResponse(request, "sessions_ui/admin/debt.html", context)


def _end(request: HttpRequest) -> HttpResponse:
    count = end_lingering(actor=request.user)
    text = ngettext("%(count)d sign-in was ended.", "%(count)d sign-ins were ended.", count)
    messages.success(request, text % {"count": count})
    return redirect("admin:sessions_ui_session_debt")


def contained(each: Any) -> dict[str, Any]:
    return {
        "label": DEMANDS[each.demand],
        "acts": each.acts,
        "sessions": each.sessions,
        "living": each.living,
        "longest": duration(each.longest),
        "longest_from_report": duration(each.longest_from_report),
    }


def people(found: Debt) -> list[tuple[str, str]]:
    users = all_users().in_bulk(list(found.by_user))
    return [(person(users.get(pk), pk), duration(amount.total)) for pk, amount in found.by_user.items()]


def by_reason(found: Debt) -> Bars:
    rows = [(str(EndReason(reason).label), minutes(one.total)) for reason, one in found.by_reason.items()]
    return bars(_("Minutes, by reason"), _("Reason"), rows, most=BARS, rest=_("Others"))


def by_day(found: Debt) -> Columns:
    days = [
        (day, [minutes(amount) for amount in one.by_cause().values()]) for day, one in found.by_day.items()
    ]
    return columns(_("Minutes, by the day of the report"), [str(CAUSES[cause]) for cause in Cause], days)


def minutes(passed: timedelta) -> int:
    return -(-passed // MINUTE)  # rounded up: a little is not nothing


def duration(passed: timedelta) -> str:
    """Return "0 s", "12 s", "3 min", "5 h 12 min" or "3 d 4 h"."""
    seconds = round(passed.total_seconds())
    if seconds < 120:
        return _("%(seconds)d s") % {"seconds": seconds}
    if seconds < 7200:
        return _("%(minutes)d min") % {"minutes": seconds // 60}
    hours, rest = divmod(seconds // 60, 60)
    if hours < 48:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}
    return _("%(days)d d %(hours)d h") % {"days": hours // 24, "hours": hours % 24}
