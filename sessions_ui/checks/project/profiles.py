"""A profile of timeouts that does not exist, or that other settings undo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from sessions_ui.conf import conf
from sessions_ui.conf.profiles import PROFILES, default_of


def profile(**kwargs: Any) -> list[checks.CheckMessage]:
    try:
        default_of({"PROFILE": conf.profile}, "")
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="sessions_ui.E094")]
    return [
        checks.Warning(
            f"{name} is weaker than the profile {conf.profile!r}, which has {most}.",
            hint=f"Leave {name} out, or give another PROFILE: what people read of it should be so.",
            id="sessions_ui.W095",
        )
        for name, most in PROFILES.get(conf.profile, {}).items()
        if is_weaker(getattr(conf, name.lower()), most)
    ]


def is_weaker(given: Any, most: timedelta) -> bool:
    """Return whether this lasts longer. What a callable says of each user nobody knows before it is asked."""
    return given is None or (isinstance(given, timedelta) and (given > most or given <= timedelta(0)))
