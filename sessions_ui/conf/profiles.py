"""Ready-made defaults for how long a sign-in lasts, each figure from a published rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

# NIST SP 800-63B-4 (July 2025), sections 2.1.3, 2.2.3 and 2.3.3; PCI DSS 4.0.1, requirement 8.2.8. Nothing else of
# these standards is a figure that a setting here could hold.
PROFILES: Final[dict[str, dict[str, timedelta]]] = {
    "aal1": {"ABSOLUTE_TIMEOUT": timedelta(days=30)},
    "aal2": {"ABSOLUTE_TIMEOUT": timedelta(hours=24), "IDLE_TIMEOUT": timedelta(hours=1)},
    "aal3": {"ABSOLUTE_TIMEOUT": timedelta(hours=12), "IDLE_TIMEOUT": timedelta(minutes=15)},
    "pci": {"IDLE_TIMEOUT": timedelta(minutes=15)},
}


def default_of(given: Mapping[str, Any], name: str) -> timedelta | None:
    """Return the default of a setting under the profile that is `given`; None without one, or where it says nothing.

    Raises `ImproperlyConfigured` for a profile that there is not.
    """
    profile = given.get("PROFILE")
    if not profile:
        return None
    try:
        return PROFILES[profile].get(name)
    except (KeyError, TypeError):
        known = ", ".join(PROFILES)
        raise ImproperlyConfigured(f"SESSIONS_UI['PROFILE']: one of {known}, not {profile!r}") from None
