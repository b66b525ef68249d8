"""A POST to an address that was checked: the name is resolved once, and the connection goes to the address that was
checked.

Checking the name and then connecting to the name would ask the DNS twice, and it may answer otherwise the second time.
No proxy, no redirect, no second try: each would be another connection that nobody has checked.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from sessions_ui.client.network import PORTS, permitted
from sessions_ui.conf import conf
from sessions_ui.exceptions import SessionsUIError

CONNECT_SECONDS = 5
LARGEST = 16 * 1024  # bytes of an answer that are read


class Answer(NamedTuple):
    """What the receiver answered: the status, and the beginning of its body."""

    status: int
    body: bytes


class NoAnswer(SessionsUIError):
    """There was no answer with a status, or no connection in the first place. The text is for administrators."""


def post(url: str, body: bytes, headers: dict[str, str], *, seconds: float) -> Answer:
    """Send the POST and return the answer. `seconds` is for all of it, from the connection on: a receiver
    that sends a byte now and then must not hold a worker for longer than its lease. Raises `NoAnswer`."""
    parts, host, port = target(url)
    address = judged(host, port)
    try:
        raw = socket.create_connection((address, port), timeout=min(CONNECT_SECONDS, seconds))
    except OSError as error:
        raise NoAnswer(f"no connection: {error.strerror or type(error).__name__}") from error
    with cut_off_after(seconds, raw) as cut:
        try:
            raw.settimeout(seconds)
            answer = exchange(raw, parts, host, port, body, headers)
        except ssl.SSLCertVerificationError as error:
            raise NoAnswer(f"the certificate is not good: {error.verify_message}") from error
        except (OSError, HTTPException, ValueError) as error:
            late = cut.is_set() or isinstance(error, TimeoutError)
            text = f"no answer within {seconds:g} s" if late else f"no answer: {type(error).__name__}"
            raise NoAnswer(text) from error
        if cut.is_set():  # http.client takes truncated headers for complete ones
            raise NoAnswer(f"no answer within {seconds:g} s")
        return answer


def target(url: str) -> tuple[SplitResult, str, int]:
    """Return the URL in parts, its host (as the DNS and TLS spell it) and its port.

    Raises `NoAnswer` where it is no URL, or one that webhooks may not go to.
    """
    allowed = ("https", "http") if conf.webhook_allow_http else ("https",)
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except ValueError as error:  # UnicodeError is one; also "https://[bad/"
        raise NoAnswer("this is no address") from error
    if parts.scheme not in allowed:
        raise NoAnswer("only https:// is allowed")
    port = PORTS[parts.scheme] if port is None else port
    if conf.webhook_ports and port not in conf.webhook_ports:
        raise NoAnswer(f"webhooks may not go to port {port} (WEBHOOK_PORTS)")
    return parts, host, port


def judged(host: str, port: int) -> str:
    """Return the first address of this host that a webhook may go to. Raises `NoAnswer` where there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswer(f"{host} does not resolve") from error
    for *_rest, where in found:
        address = ip_address(str(where[0]))
        if permitted(address, conf.webhook_allowed_networks):
            return str(address)
    raise NoAnswer(f"{host} is in a network that webhooks may not go to (WEBHOOK_ALLOWED_NETWORKS)")


def exchange(
    raw: socket.socket, parts: SplitResult, host: str, port: int, body: bytes, headers: dict[str, str]
) -> Answer:
    connection = HTTPConnection(host, port)
    connection.auto_open = 0  # http.client neither resolves nor connects: the socket is there
    connection.sock = tls().wrap_socket(raw, server_hostname=host) if parts.scheme == "https" else raw
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, {**headers, "Host": host_header(parts, host, port)})
        response = connection.getresponse()
        answered = b""
        with suppress(OSError, HTTPException):  # the status is all that counts
            answered = response.read(LARGEST)
        return Answer(response.status, answered)
    finally:
        connection.close()


def host_header(parts: SplitResult, host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port == PORTS[parts.scheme] else f"{name}:{port}"


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """Return a context that verifies certificate and name. Reading the authorities of the system takes its time: once
    is enough."""
    return ssl.create_default_context()


@contextmanager
def cut_off_after(seconds: float, raw: socket.socket) -> Iterator[threading.Event]:
    """End the connection after so many seconds, whatever it is doing; the event says whether that has happened.

    A socket's own timeout is for each packet. The duplicate is the same connection, and stays valid when TLS takes the
    original over.
    """
    cut = threading.Event()

    def end() -> None:
        cut.set()
        with suppress(OSError):  # it may be over already
            same.shutdown(socket.SHUT_RDWR)

    with raw, raw.dup() as same:
        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield cut
        finally:
            timer.cancel()
