"""Settings by which sessions end by themselves, and that would silently end nothing."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core import checks

from sessions_ui.conf import conf
from sessions_ui.conf.endings import DEFAULT_ACCESS_FLAGS, NEVER, UNUSED_MONTHS, length_of

CHOICES = {
    "PASSWORD_CHANGE_ENDS": ("others", "all"),
    "FACTOR_CHANGE_ENDS": ("offer", "others"),
    "EMAIL_CHANGE_ENDS": ("nothing", "others", "all"),
}


def what_ends(**kwargs: Any) -> list[checks.CheckMessage]:
    return [
        checks.Error(f"{name} must be one of {', '.join(allowed)}.", id="sessions_ui.E020")
        for name, allowed in CHOICES.items()
        if getattr(conf, name.lower()) not in allowed
    ]


def access_flags(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check the names of access flags. A user model without the default ones, `is_staff` and `is_superuser`, is no
    mistake."""
    fields = {field.name for field in get_user_model()._meta.concrete_fields}
    unknown = [flag for flag in conf.access_flags if flag not in {*fields, *DEFAULT_ACCESS_FLAGS}]
    if not unknown:
        return []
    return [
        checks.Warning(
            f"ACCESS_FLAGS names what is no field of the user model: {', '.join(unknown)}.",
            hint="Losing it ends nothing. For what is kept elsewhere call `access_changed()` (docs/endings.md).",
            id="sessions_ui.W021",
        )
    ]


def access_permissions(**kwargs: Any) -> list[checks.CheckMessage]:
    odd = [name for name in conf.access_permissions if name.count(".") != 1]
    if not odd:
        return []
    return [
        checks.Error(
            f"ACCESS_PERMISSIONS names permissions as app.codename, not as {', '.join(odd)}.",
            id="sessions_ui.E022",
        )
    ]


def unused(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check when unused sign-ins end: the months that the page offers, and a warning that comes in between."""
    found: list[checks.CheckMessage] = []
    if conf.sign_out_unused_months not in UNUSED_MONTHS:
        choices = ", ".join(map(str, UNUSED_MONTHS))
        text = f"SIGN_OUT_UNUSED_MONTHS must be one of {choices}, not {conf.sign_out_unused_months!r}."
        found.append(checks.Error(text, id="sessions_ui.E027"))
    shortest = min(months for months in UNUSED_MONTHS if months != NEVER)
    if conf.sign_out_unused_warning >= length_of(shortest):
        text = f"SIGN_OUT_UNUSED_WARNING must be shorter than {shortest} months, which people may choose."
        hint = "People would be told of a device while they use it."
        found.append(checks.Error(text, hint=hint, id="sessions_ui.E028"))
    return found
