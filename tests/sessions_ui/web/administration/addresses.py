"""Every address of an admin, read from its URLconf, so that what is registered later is walked, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLResolver, get_resolver

NOBODY = "999999"  # the key of no row
# Where people come in and go out: nobody is asked there.
DOORS = ("login/", "logout/")


def admin_addresses(start: str = "admin/") -> list[str]:
    """Paths below `start`, an example of each pattern, without those of the doors."""
    found = sorted({f"/{path}" for path in _paths(get_resolver(), "") if path.startswith(start)})
    return [path for path in found if not path.endswith(DOORS)]


def _paths(resolver: Any, before: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = before + _example(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from _paths(entry, path)
        else:
            yield path


def _example(pattern: str) -> str:
    if "app_label" in pattern:
        return "sessions_ui/"
    if "url" in pattern and pattern.endswith(".*)$"):
        return "nothing-is-here/"
    return re.sub(r"<[^>]+>", NOBODY, pattern)
