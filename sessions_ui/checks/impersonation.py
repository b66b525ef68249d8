"""Staff that uses somebody's account."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core import checks
from django.urls import NoReverseMatch, resolve, reverse


def hijack(**kwargs: Any) -> list[checks.CheckMessage]:
    if not apps.is_installed("hijack"):
        return []
    try:
        view = resolve(reverse("hijack:acquire")).func
    except NoReverseMatch:
        return []
    if not view.__module__.startswith("hijack."):
        return []
    return [
        checks.Warning(
            "django-hijack signs staff in as the customer: unlabelled, on a device of the customer's, and out of the "
            "own session.",
            hint='Use include("sessions_ui.web.hijack_urls") instead of include("hijack.urls").',
            id="sessions_ui.W025",
        )
    ]
