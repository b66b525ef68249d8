"""Programs: requests that bring an access token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessions_ui.lazy import lazy_names

__all__ = ["Bearer", "aauthenticate", "authenticate", "refused", "token_required"]

if TYPE_CHECKING:
    from sessions_ui.api.bearer import Bearer, aauthenticate, authenticate, refused
    from sessions_ui.api.decorators import token_required
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "bearer": ("Bearer", "aauthenticate", "authenticate", "refused"),
            "decorators": ("token_required",),
        },
    )
