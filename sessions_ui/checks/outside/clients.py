"""The settings about clients."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.urls import URLResolver, get_resolver

from sessions_ui.conf import conf


def sign_in_pages(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check only names that the project itself has set: the default knows pages of packages that may not be there."""
    given = getattr(settings, "SESSIONS_UI", {}).get("SIGN_IN_PAGES")
    missing = sorted(name for name in conf.sign_in_pages if not _exists(name)) if given else []
    return [
        checks.Warning(
            f"SIGN_IN_PAGES names {name}, which is no view of this site.",
            hint="Use the names that reverse() takes, with their namespaces.",
            id="sessions_ui.W014",
        )
        for name in missing
    ]


def _exists(view_name: str) -> bool:
    *namespaces, name = view_name.split(":")
    resolver: URLResolver = get_resolver()
    for namespace in namespaces:
        if namespace not in resolver.namespace_dict:
            return False
        resolver = resolver.namespace_dict[namespace][1]
    return name in resolver.reverse_dict
