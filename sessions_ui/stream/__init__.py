"""Open tabs hear at once that their session has ended: a stream that holds no thread and no database connection.

`application = with_stream(get_asgi_application())` mounts it in asgi.py. `watched()` is the same for a host's own
sockets. docs/live.md says how it is run and used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessions_ui.lazy import lazy_names

__all__ = ["CHANGED", "CLOSING", "ENDED", "watched", "with_stream"]

if TYPE_CHECKING:
    from sessions_ui.stream.mount import with_stream
    from sessions_ui.stream.watcher import CHANGED, CLOSING, ENDED, watched
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {"mount": ("with_stream",), "watcher": ("CHANGED", "CLOSING", "ENDED", "watched")},
    )
