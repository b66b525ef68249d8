"""One page that says whether all is well: who is signed in, and whether those who must be told are being told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sessions_ui import outbox
from sessions_ui.admin.figures.pictures import Bars, Columns, bars, columns
from sessions_ui.client.country import country_name
from sessions_ui.database import moments
from sessions_ui.metrics.health import is_outbox_late, is_worker_late
from sessions_ui.metrics.statistics import Statistics, statistics
from sessions_ui.models import Delivery, Device, Ending, EndingBatch, EndReason, Heartbeat
from sessions_ui.models.end_reason import AUTOMATIC
from sessions_ui.wording.sessions import ago

BARS = 8
BY_PEOPLE = frozenset(
    {EndReason.SIGNED_OUT, EndReason.SIGNED_OUT_REMOTELY, EndReason.SIGNED_OUT_EVERYWHERE, EndReason.API}
)
BY_RULE = AUTOMATIC - {EndReason.PROVIDER_SIGN_OUT}  # what a provider ends counts as ended for safety
FOR_SAFETY = frozenset(EndReason) - BY_PEOPLE - BY_RULE
ENDING_LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the overview. `warning` is a sentence on what to do, empty where all is well."""

    label: str
    value: Any
    warning: str = ""


def overview(model_admin: admin.ModelAdmin, request: HttpRequest) -> TemplateResponse:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    numbers = statistics()
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Overview"),
        "opts": model_admin.opts,
        "sign_ins": sign_in_rows(numbers),
        "telling": [*telling_rows(numbers), *ending_rows()],
        "bars": [by_kind(numbers), by_country(numbers)],
        "columns": [sign_ins_by_day(numbers), endings_by_day(numbers), refusals_by_day(numbers)],
        "reasons": reasons_of(numbers),
    }
    return TemplateResponse(request, "sessions_ui/admin/overview.html", context)


def sign_in_rows(numbers: Statistics) -> list[Row]:
    today = moments.day_of(numbers.at)
    refused = numbers.until_refused
    return [
        Row(_("Signed in now"), numbers.living),
        Row(_("Sign-ins today"), numbers.sign_ins_by_day[today]),
        Row(_("Sign-outs today, for any reason"), sum(numbers.endings_by_day[today].values())),
        Row(
            _("From a sign-out to the first refused request"), in_words(refused) if refused else _("none yet")
        ),
    ]


def telling_rows(numbers: Statistics) -> list[Row]:
    now = timezone.now()
    worker, waiting = Heartbeat.last("worker"), outbox.oldest_open()
    parked = Delivery.objects.filter(parked_at__isnull=False).count()
    return [
        Row(
            _("Worker last seen"),
            ago(worker, now) if worker else _("never"),
            _("Is the worker running? Sign-outs work without it, but emails wait.")
            if is_worker_late(worker)
            else "",
        ),
        Row(
            _("Oldest message still waiting"),
            timesince(now - waiting, now) if waiting else _("none"),
            _("Messages are late.") if is_outbox_late(waiting) else "",
        ),
        Row(
            _("From an ending to its message, in the last day"),
            _("%(average)s on average, %(longest)s at most")
            % {
                "average": in_words(numbers.delivery_lag),
                "longest": in_words(numbers.longest_delivery_lag or numbers.delivery_lag),
            }
            if numbers.delivery_lag is not None
            else _("none"),
        ),
        Row(_("Messages still to be sent"), outbox.open_deliveries().count()),
        Row(
            _("Messages given up"),
            parked,
            _("Check the deliveries: you can try them again.") if parked else "",
        ),
    ]


def ending_rows() -> list[Row]:
    """Return the rows about large sign-outs, which are the one ending that needs a worker."""
    now = timezone.now()
    oldest = Ending.objects.filter(done_at__isnull=True).order_by("pk").first()
    failed = EndingBatch.objects.filter(failed_at__isnull=False).aggregate(size=Sum("size"))["size"] or 0
    waiting = oldest is not None and now - oldest.created_at > ENDING_LATE
    return [
        Row(
            _("Oldest large sign-out under way"),
            ago(oldest.created_at, now) if oldest else _("none"),
            _("Is the worker running? People are still signed in.") if waiting else "",
        ),
        Row(
            _("Sign-ins that a large sign-out could not end"),
            failed,
            _("Check the large sign-outs: you can try them again.") if failed else "",
        ),
    ]


def by_kind(numbers: Statistics) -> Bars:
    kinds = [(str(Device.Kind(kind).label), number) for kind, number in numbers.by_kind.items()]
    return bars(_("Signed in, by kind of device"), _("Kind"), kinds, most=BARS, rest=_("Others"))


def by_country(numbers: Statistics) -> Bars:
    language = get_language()
    countries = [
        (country_name(code, language) or code or _("Place unavailable"), number)
        for code, number in numbers.by_country.items()
    ]
    return bars(
        _("Signed in, by country of the sign-in"), _("Country"), countries, most=BARS, rest=_("Others")
    )


def sign_ins_by_day(numbers: Statistics) -> Columns:
    days = [(day, [number]) for day, number in numbers.sign_ins_by_day.items()]
    return columns(_("Sign-ins by day"), [_("Sign-ins")], days)


def endings_by_day(numbers: Statistics) -> Columns:
    """Return the chart of endings by day, in three series; the table beside it has every reason."""
    days = [
        (
            day,
            [
                sum(number for reason, number in reasons.items() if reason in group)
                for group in (BY_PEOPLE, BY_RULE, FOR_SAFETY)
            ],
        )
        for day, reasons in numbers.endings_by_day.items()
    ]
    series = [_("By the person"), _("By a rule"), _("For safety")]
    return columns(_("Sign-outs by day"), series, days)


def refusals_by_day(numbers: Statistics) -> Columns:
    days = [(day, [number]) for day, number in numbers.refusals_by_day.items()]
    return columns(_("Devices turned away after their sign-out, by day"), [_("Turned away")], days)


def reasons_of(numbers: Statistics) -> list[tuple[str, int]]:
    """Return the sign-outs of the last days by reason, the most frequent first."""
    total: Counter[str] = Counter()
    for reasons in numbers.endings_by_day.values():
        total.update(reasons)
    return [(str(EndReason(reason).label), number) for reason, number in total.most_common()]


def in_words(passed: timedelta) -> str:
    seconds = passed.total_seconds()
    if seconds < 120:
        return _("%(seconds).1f s") % {"seconds": seconds}
    return timesince(timezone.now() - passed)
