"""A webhook goes where it was judged to go, and nowhere else."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sessions_ui.channels.webhooks import http
from sessions_ui.channels.webhooks.http import NoAnswer, post
from tests.receivers.certificates import certificate_for
from tests.receivers.server import Receiver, answers, drips, floods, hangs, hangs_up, receiver

LOOPBACK = ["127.0.0.0/8"]
PATIENCE = 60.0  # seconds; far more than any of it takes


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "WEBHOOK_ALLOWED_NETWORKS": LOOPBACK,
        "WEBHOOK_ALLOW_HTTP": True,
    }


def configure(settings: Any, **values: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **values}


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


def send(url: str, seconds: float = PATIENCE) -> int:
    return post(url, b'{"a":1}', {"webhook-id": "x"}, seconds=seconds).status


@pytest.mark.parametrize("status", [200, 204, 302, 404, 410, 500, 503])
def test_a_request_returns_whatever_the_status_is(status: int, server: Receiver) -> None:
    server.behaviour = answers(status, Location="/elsewhere")
    assert send(server.url) == status
    [request] = server.requests  # and no redirect was followed
    assert (request.path, request.body) == ("/hook?from=devices", b'{"a":1}')
    assert request.headers["host"] == f"127.0.0.1:{server.port}"


# --- Where it may go


def resolves_to(monkeypatch: Any, *answers_in_turn: list[str]) -> list[str]:
    """DNS that answers otherwise the next time; returns what was asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        addresses = answers_in_turn[min(len(asked), len(answers_in_turn) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_the_name_is_resolved_once_and_the_connection_goes_there(
    server: Receiver, monkeypatch: Any, settings: Any
) -> None:
    """DNS rebinding: the second answer would be a network that nobody has judged."""
    asked = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    configure(settings, WEBHOOK_ALLOWED_NETWORKS=["127.0.0.1/32"])
    connected = []
    real_connection = socket.create_connection

    def create_connection(address: Any, *args: Any, **options: Any) -> Any:
        connected.append(address)
        monkeypatch.setattr(socket, "getaddrinfo", real)
        return real_connection(address, *args, **options)

    monkeypatch.setattr(socket, "create_connection", create_connection)
    assert send(f"http://hooks.example:{server.port}/x") == 204
    assert asked == ["hooks.example"] and connected == [("127.0.0.1", server.port)]
    assert server.requests[0].headers["host"] == f"hooks.example:{server.port}"


@pytest.mark.control("SOC 2 CC6.6")
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",  # 127.0.0.1 as one number
        "http://0x7f.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://0.0.0.0:{port}/",
    ],
)
def test_no_spelling_of_loopback_gets_through(url: str, server: Receiver, settings: Any) -> None:
    configure(settings, WEBHOOK_ALLOWED_NETWORKS=[])
    with pytest.raises(NoAnswer, match="network that webhooks may not go to"):
        send(url.format(port=server.port))
    assert not server.requests


def test_among_several_addresses_only_a_permitted_one_is_taken(monkeypatch: Any, settings: Any) -> None:
    configure(settings, WEBHOOK_ALLOWED_NETWORKS=[])
    resolves_to(monkeypatch, ["10.0.0.1", "169.254.169.254", "93.184.215.14"])
    assert http.judged("hooks.example", 443) == "93.184.215.14"
    resolves_to(monkeypatch, ["10.0.0.1", "169.254.169.254"])
    with pytest.raises(NoAnswer):
        http.judged("hooks.example", 443)


def test_no_proxy_of_the_environment_is_asked(server: Receiver, monkeypatch: Any) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(server.url) == 204


def test_plain_http_is_refused_unless_allowed(server: Receiver, settings: Any) -> None:
    configure(settings, WEBHOOK_ALLOW_HTTP=False)
    with pytest.raises(NoAnswer, match="https"):
        send(server.url)


@pytest.mark.parametrize(
    "url",
    ["http://", "http:///x", "http://a:b/", "http://a..b/", f"http://{'a' * 70}.b/", "x", "https://[bad/"],
)
def test_an_address_that_is_none_is_no_crash(url: str) -> None:
    with pytest.raises(NoAnswer):
        send(url)


@pytest.mark.parametrize("url", ["https://[bad/", "https://hooks.example:99999/", "https://a..b/"])
def test_an_address_that_is_none_is_said_to_be_none(url: str) -> None:
    with pytest.raises(NoAnswer, match="this is no address"):
        send(url)


@pytest.mark.parametrize(
    ("ports", "url", "refused"),
    [
        ({}, "https://127.0.0.1:6379/", "port 6379"),
        ({}, "http://127.0.0.1:443/x", ""),
        ({}, "http://127.0.0.1/", ""),
        ({"WEBHOOK_PORTS": [8443]}, "https://127.0.0.1/", "port 443"),
        ({"WEBHOOK_PORTS": [8443]}, "https://127.0.0.1:8443/", ""),
        ({"WEBHOOK_PORTS": []}, "https://127.0.0.1:6379/", ""),
    ],
)
def test_a_webhook_goes_to_the_ports_of_the_web_only(
    ports: dict[str, Any], url: str, refused: str, settings: Any
) -> None:
    """Whoever may enter an endpoint could else find out what listens where."""
    given = {name: value for name, value in settings.SESSIONS_UI.items() if name != "WEBHOOK_PORTS"}
    settings.SESSIONS_UI = {**given, **ports}
    if refused:
        with pytest.raises(NoAnswer, match=refused):
            http.target(url)
    else:
        assert http.target(url)[1] == "127.0.0.1"


def test_plain_http_is_no_port_of_a_site_that_is_https_only(settings: Any) -> None:
    given = {name: value for name, value in settings.SESSIONS_UI.items() if name != "WEBHOOK_PORTS"}
    settings.SESSIONS_UI = {**given, "WEBHOOK_ALLOW_HTTP": False}
    with pytest.raises(NoAnswer, match="port 80"):
        http.target("https://127.0.0.1:80/")


# --- Receivers that misbehave


def test_a_receiver_that_hangs_is_left_in_time(server: Receiver) -> None:
    server.behaviour = hangs(PATIENCE)
    with pytest.raises(NoAnswer, match=r"within 0\.3 s"):
        send(server.url, seconds=0.3)
    assert all(not request.over for request in server.requests), "it still hangs"


def test_a_server_that_sends_a_little_now_and_then_is_given_up(server: Receiver) -> None:
    """A socket's own timeout never fires here; the lease would run out."""
    server.behaviour = drips(PATIENCE)
    with pytest.raises(NoAnswer, match=r"within 0\.5 s"):
        send(server.url, seconds=0.5)


def test_a_server_that_never_says_hello_is_given_up(tmp_path: Path) -> None:
    """The TLS handshake counts, too."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(NoAnswer, match=r"within 0\.3 s"):
            send(f"https://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.3)


def test_no_more_of_an_endless_answer_is_read_than_a_little(server: Receiver) -> None:
    server.behaviour = floods
    assert send(server.url) == 200


def test_a_server_that_hangs_up_has_not_answered(server: Receiver) -> None:
    server.behaviour = hangs_up
    with pytest.raises(NoAnswer, match="no answer"):
        send(server.url)


def test_nobody_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(NoAnswer, match="no connection: Connection refused"):
        send(f"http://127.0.0.1:{port}/")


# --- TLS


@pytest.fixture
def trust(monkeypatch: Any) -> Any:
    def trust(certificate: Path) -> None:
        context = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(http, "tls", lambda: context)

    return trust


def resolve_here(monkeypatch: Any) -> None:
    monkeypatch.setattr(http, "judged", lambda host, port: "127.0.0.1")


def test_the_certificate_is_the_names_though_the_connection_is_an_addresss(
    tmp_path: Path, trust: Any, monkeypatch: Any
) -> None:
    certificate = certificate_for("hooks.example", tmp_path)
    trust(certificate)
    resolve_here(monkeypatch)
    with receiver(certificate) as server:
        assert send(f"https://hooks.example:{server.port}/") == 204
        with pytest.raises(NoAnswer, match="the certificate is not good: Hostname mismatch"):
            send(f"https://other.example:{server.port}/")
    assert len(server.requests) == 1


def test_a_certificate_of_nobodys_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    resolve_here(monkeypatch)
    with (
        receiver(certificate_for("hooks.example", tmp_path)) as server,
        pytest.raises(NoAnswer, match=r"the certificate is not good: self.signed"),
    ):
        send(f"https://hooks.example:{server.port}/")
