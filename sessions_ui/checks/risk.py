"""Judging sign-ins."""

from __future__ import annotations

from typing import Any

from django.core import checks

from sessions_ui.conf import conf

WAYS = ("flag", "challenge", "end")


def suspicious_sign_ins(**kwargs: Any) -> list[checks.CheckMessage]:
    if conf.suspicious_sign_ins in WAYS:
        return []
    return [
        checks.Error(f"SUSPICIOUS_SIGN_INS must be one of {', '.join(WAYS)}.", id="sessions_ui.E026"),
    ]
