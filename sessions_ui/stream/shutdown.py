"""Whether the server has been asked to stop: a response that never ends would keep it from doing so."""

from __future__ import annotations

import signal


def server_stops() -> bool:
    """Return whether the server has been asked to stop, as far as it says so.

    ASGI does not say: the lifespan's shutdown comes after the last response. But uvicorn's handler of SIGTERM is a
    method of the server, whose `should_exit` says it. Other servers, and uvicorn in a thread, which handles no signals,
    say nothing: they cut the streams when their own grace period is over.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return bool(getattr(server, "should_exit", False))
