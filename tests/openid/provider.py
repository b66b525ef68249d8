"""An OpenID Connect provider on localhost: keys of its own, a JWKS endpoint, tokens that it really signs."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT = "devices-site"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Key:
    """A private key and what the provider publishes of it."""

    def __init__(self, algorithm: str = "RS256", kid: str | None = None) -> None:
        self.algorithm, self.kid = algorithm, kid or uuid.uuid4().hex
        if algorithm == "ES256":
            self.private: Any = ec.generate_private_key(ec.SECP256R1())
            public = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        else:
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        self.public = {**public, "kid": self.kid, "use": "sig", "alg": algorithm}

    def sign(self, claims: dict[str, Any], **headers: Any) -> str:
        headers = {"typ": "logout+jwt", "kid": self.kid, **headers}
        headers = {name: value for name, value in headers.items() if value is not None}
        # Not `jwt.encode()`, which refuses to say nonsense.
        return jwt.PyJWS().encode(json.dumps(claims).encode(), self.private, self.algorithm, headers)


class Provider:
    """`answers` maps paths to what they answer: a JSON value, or a function of the request handler. `asked`: the
    paths in the order of the requests."""

    def __init__(self, address: str, key: Key) -> None:
        self.issuer = address
        self.key = key
        self.keys = [key]
        self.asked: list[str] = []
        self.answers: dict[str, Any] = {
            "/.well-known/openid-configuration": {"issuer": address, "jwks_uri": f"{address}/keys"},
            "/keys": lambda handler: handler.answer({"keys": [key.public for key in self.keys]}),
        }

    def rotate(self, key: Key) -> None:
        self.key, self.keys = key, [key]

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Of a sound logout token; `None` takes a claim away."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 120,
            "jti": uuid.uuid4().hex,
            "events": {EVENT: {}},
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def logout_token(self, **changes: Any) -> str:
        return self.key.sign(self.claims(**changes))

    def settings(self, **changes: Any) -> dict[str, Any]:
        """What a site says of it in PROVIDERS."""
        return {
            "name": "Example ID",
            "issuer": self.issuer,
            "audience": CLIENT,
            "allow_http": True,
            **changes,
        }


class Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        self.provider.asked.append(self.path)
        answer = self.provider.answers.get(self.path.partition("?")[0])
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            answer(self)
        elif answer is None:
            self.send_error(404)
        else:
            self.answer(answer)

    def do_POST(self) -> None:
        self.do_GET()

    def answer(self, value: Any) -> None:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@contextmanager
def running(key: Key) -> Iterator[Provider]:
    """The provider, answering on a free port."""
    handler = type("Handler", (Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        handler.provider = provider = Provider(f"http://127.0.0.1:{server.server_port}", key)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield provider
        finally:
            server.shutdown()
