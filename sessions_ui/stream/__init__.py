"""Open tabs hear at once that their session has ended: a stream that holds no thread and no database connection.

`application = with_stream(get_asgi_application())` mounts it in asgi.py. `sessions_ui.stream.watcher.watched()` is the
same for a host's own sockets. docs/live.md says how it is run and used.
"""

from sessions_ui.stream.mount import with_stream

__all__ = ["with_stream"]
