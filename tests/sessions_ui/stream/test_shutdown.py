"""uvicorn's own server says when it was asked to stop."""

from __future__ import annotations

import signal

import uvicorn

from config.asgi import application
from sessions_ui.stream.shutdown import server_stops


def test_a_server_that_was_asked_to_stop() -> None:
    server = uvicorn.Server(uvicorn.Config(application))
    assert not server_stops()
    with server.capture_signals():
        assert not server_stops()
        server.handle_exit(signal.SIGTERM, None)
        assert server_stops()
        server._captured_signals.clear()  # else it is raised again, and ends the tests
    assert not server_stops()
