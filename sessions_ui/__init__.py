"""Your active devices: server-side sessions that know their device and place, and that end for good."""

from __future__ import annotations

from typing import Any

# What a host project calls by the name of the app; they need models, which are not there yet when it is imported.
LAZY = frozenset({"impersonate", "stop_impersonating"})


def __getattr__(name: str) -> Any:
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sessions_ui.impersonation import api

    return getattr(api, name)
