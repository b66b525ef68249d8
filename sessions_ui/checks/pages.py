"""What the pages stand on."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.utils.module_loading import import_string

from sessions_ui.conf import conf
from sessions_ui.web.reauthentication import Reauthentication


def reauthentication(**kwargs: Any) -> list[checks.CheckMessage]:
    try:
        chosen = import_string(conf.reauthentication)
    except ImportError as error:
        return [checks.Error(f"REAUTHENTICATION: {error}", id="sessions_ui.E037")]
    if isinstance(chosen, type) and issubclass(chosen, Reauthentication):
        return []
    return [
        checks.Error(
            f"REAUTHENTICATION: {conf.reauthentication} is no sessions_ui.web.reauthentication.Reauthentication.",
            id="sessions_ui.E037",
        )
    ]
