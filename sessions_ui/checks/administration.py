"""What Django's admin asks of staff."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import checks

from sessions_ui.conf import conf


def administration(**kwargs: Any) -> list[checks.CheckMessage]:
    age = conf.admin_reauthentication_age
    if age is not None and not (isinstance(age, timedelta) and age > timedelta()):
        return [_error("ADMIN_REAUTHENTICATION_AGE must be a timedelta above zero, or None.")]
    if conf.admin_factor_required not in (True, False):
        return [_error("ADMIN_FACTOR_REQUIRED must be True or False.")]
    if age is None and conf.admin_factor_required:
        return [
            _error(
                "ADMIN_FACTOR_REQUIRED, but ADMIN_REAUTHENTICATION_AGE is None: the admin asks for nothing."
            )
        ]
    return []


def _error(text: str) -> checks.CheckMessage:
    return checks.Error(text, id="sessions_ui.E096")
