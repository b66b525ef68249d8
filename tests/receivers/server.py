"""A receiver of webhooks on loopback that answers as it is told, and keeps what it got."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes
    begun: float
    over: float = 0.0

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


# What to do with a request: it sends its answer, or not.
Behaviour = Callable[[BaseHTTPRequestHandler], None]


def answers(status: int, **headers: str) -> Behaviour:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return behave


def hangs_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.close()


def hangs(seconds: float) -> Behaviour:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        answers(204)(handler)

    return behave


def drips(seconds: float) -> Behaviour:
    """A header now and then: no single packet is late."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        over = time.monotonic() + seconds
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while time.monotonic() < over:
                handler.wfile.write(b"X-Wait: 1\r\n")
                handler.wfile.flush()
                time.sleep(0.05)
            handler.wfile.write(b"Content-Length: 0\r\n\r\n")
        except OSError:
            return

    return behave


def floods(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        return


@dataclass
class Receiver:
    port: int
    scheme: str = "http"
    behaviour: Behaviour = field(default_factory=lambda: answers(204))
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook?from=devices"


@contextmanager
def receiver(certificate: Path | None = None) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            began = time.monotonic()
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.path, headers, body, began)
            state.requests.append(request)
            state.behaviour(self)
            request.over = time.monotonic()

        def do_GET(self) -> None:
            """Whoever follows a redirect comes this way."""
            self.do_POST()

        def log_message(self, *args: object) -> None:
            """Not in the output of the tests."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *args: object) -> None:
            """A client that hangs up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    state = Receiver(server.server_address[1])
    if certificate:
        state.scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
