"""One page that says whether all is well: who is signed in, and whether those who must be told are being told."""

from __future__ import annotations

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
from django.utils.translation import gettext as _

from sessions_ui import outbox
from sessions_ui.models import Act, Delivery, Heartbeat, Session
from sessions_ui.web.wording import ago

WORKER_LATE = timedelta(minutes=2)
OUTBOX_LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Row:
    """`warning` is a sentence on what to do, empty where all is well."""

    label: str
    value: Any
    warning: str = ""


def overview(model_admin: admin.ModelAdmin, request: HttpRequest) -> TemplateResponse:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Overview"),
        "opts": model_admin.opts,
        "sign_ins": sign_in_rows(),
        "telling": telling_rows(),
    }
    return TemplateResponse(request, "sessions_ui/admin/overview.html", context)


def sign_in_rows() -> list[Row]:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    ended = Act.objects.filter(at__gte=midnight).aggregate(total=Sum("count"))["total"]
    return [
        # The one full count: it is what people come for.
        Row(_("Signed in now"), Session.objects.living().count()),
        Row(_("Sign-ins today"), Session.objects.filter(signed_in_at__gte=midnight).count()),
        Row(_("Sign-outs today, whatever the reason"), ended or 0),
    ]


def telling_rows() -> list[Row]:
    now = timezone.now()
    worker, waiting = Heartbeat.last("worker"), outbox.oldest_open()
    parked = Delivery.objects.filter(parked_at__isnull=False).count()
    late_worker = worker is None or now - worker > WORKER_LATE
    late_outbox = waiting is not None and waiting > OUTBOX_LATE
    return [
        Row(
            _("Worker last seen"),
            ago(worker, now) if worker else _("never"),
            _("Is the worker running? Sign-outs work without it; the mails wait.") if late_worker else "",
        ),
        Row(
            _("Oldest message that waits"),
            timesince(now - waiting, now) if waiting else _("none"),
            _("Messages are late.") if late_outbox else "",
        ),
        Row(_("Messages still to be sent"), outbox.open_deliveries().count()),
        Row(
            _("Messages given up"),
            parked,
            _("Look at the deliveries: they can be tried again.") if parked else "",
        ),
    ]
