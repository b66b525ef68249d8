"""The public keys of a provider: kept for a while in each process, asked for again when an unknown one turns up."""

from __future__ import annotations

import threading
import time
from typing import Any

from jwt import PyJWK, PyJWTError

from sessions_ui.conf import conf
from sessions_ui.conf.sso import Provider
from sessions_ui.sso.documents import DocumentUnavailable, get_document

# Anybody can send a token with an unknown key, or while the provider is down: it must not become a flood there.
SECONDS_BETWEEN = 30


class Keys:
    """One provider's keys. A lock lets one thread ask while the others wait for its answer."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._lock = threading.Lock()
        self._keys: list[dict[str, Any]] = []
        self._fetched_at: float | None = None
        self._asked_at: float | None = None

    def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """Return the key that may have made this signature. Raises `DocumentUnavailable`."""
        with self._lock:
            if self._is_old():
                self._fetch()
            key = self._choose(kid, algorithm)
            if key is None and self._may_ask():
                self._fetch()
                key = self._choose(kid, algorithm)
            return key

    def _is_old(self) -> bool:
        kept = conf.provider_keys_age.total_seconds()
        return self._fetched_at is None or self._fetched_at + kept <= time.monotonic()

    def _may_ask(self) -> bool:
        return self._asked_at is None or self._asked_at + SECONDS_BETWEEN <= time.monotonic()

    def _fetch(self) -> None:
        if not self._may_ask():
            raise DocumentUnavailable(f"the keys of {self.provider.key} were asked for a moment ago")
        self._asked_at = time.monotonic()
        keys = get_document(self._uri(), allow_http=self.provider.allow_http).get("keys")
        if not isinstance(keys, list):
            raise DocumentUnavailable(f"{self.provider.key} has no keys")
        self._keys = [key for key in keys if isinstance(key, dict)]
        self._fetched_at = time.monotonic()

    def _uri(self) -> str:
        """Return where the keys are: as configured, else by OpenID Connect Discovery 1.0, section 4."""
        if self.provider.jwks_uri:
            return self.provider.jwks_uri
        url = self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
        document = get_document(url, allow_http=self.provider.allow_http)
        if document.get("issuer") != self.provider.issuer or not isinstance(document.get("jwks_uri"), str):
            raise DocumentUnavailable(f"{url} does not speak for {self.provider.issuer}")
        return document["jwks_uri"]

    def _choose(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """Choose a key by its id; a token without one is unambiguous only where one key fits (OpenID Connect Core 1.0,
        10.1)."""
        fitting = [key for data in self._keys if (key := _usable(data, kid, algorithm))]
        return fitting[0] if len(fitting) == 1 else None


def _usable(data: dict[str, Any], kid: str | None, algorithm: str) -> PyJWK | None:
    if data.get("use", "sig") != "sig" or data.get("alg", algorithm) != algorithm:
        return None
    if kid is not None and data.get("kid") != kid:
        return None
    try:
        return PyJWK(data, algorithm=algorithm)
    except (PyJWTError, ValueError, TypeError):  # of another kind than the algorithm needs, or broken
        return None


_all: dict[Provider, Keys] = {}


def keys_of(provider: Provider) -> Keys:
    return _all.setdefault(provider, Keys(provider))
