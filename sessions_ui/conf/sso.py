"""Single sign-on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from sessions_ui.conf.base import Section

# Only signatures that a public key verifies: with "none" or a shared secret anybody could be the provider.
SIGNATURES = frozenset(
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
)
COMMON = ("RS256", "ES256")


@dataclass(frozen=True, slots=True)
class Provider:
    """One sign-in provider. `issuer` is empty where it is only named, and ends no sessions here."""

    key: str
    name: str
    issuer: str = ""
    audience: tuple[str, ...] = ()
    jwks_uri: str = ""
    algorithms: tuple[str, ...] = COMMON
    allow_http: bool = False

    @classmethod
    def of(cls, key: str, given: Mapping[str, Any]) -> Provider:
        try:
            audience = given.get("audience", ())
            provider = cls(
                key=key,
                name=str(given.get("name") or key.replace("_", " ").capitalize()),
                issuer=given.get("issuer", ""),
                audience=(audience,) if isinstance(audience, str) else tuple(audience),
                jwks_uri=given.get("jwks_uri", ""),
                algorithms=tuple(given.get("algorithms", COMMON)),
                allow_http=bool(given.get("allow_http", False)),
            )
        except (AttributeError, TypeError) as error:
            raise ImproperlyConfigured(f"SESSIONS_UI['PROVIDERS'][{key!r}]: {error}") from error
        if problem := provider.problem():
            raise ImproperlyConfigured(f"SESSIONS_UI['PROVIDERS'][{key!r}]: {problem}")
        return provider

    def problem(self) -> str:
        """What is wrong with it, empty where nothing is."""
        if not self.issuer:
            return ""
        schemes = ("https://", "http://") if self.allow_http else ("https://",)
        if not self.issuer.startswith(schemes) or (self.jwks_uri and not self.jwks_uri.startswith(schemes)):
            return "issuer and jwks_uri must be https"
        if not self.audience:
            return "audience is missing: the client id under which this site signs people in"
        if refused := sorted(set(self.algorithms) - SIGNATURES):
            return f"{', '.join(refused)} is no signature by a private key"
        return ""


class SingleSignOnSettings(Section):
    """Single sign-on (docs/single-sign-on.md)"""

    @cached_property
    def providers(self) -> dict[str, Provider]:
        """Sign-in providers by the name that your sign-in code says (`remember_provider()`). Each a dictionary:
        `name` for people ("Google"); and, for back-channel logout, `issuer`, `audience` (your client id, or several),
        `jwks_uri` (without it the provider's discovery document is asked), `algorithms` (default RS256 and ES256;
        never "none" or HS…), `allow_http` (for a test on your own machine only)."""
        given: Mapping[str, Mapping[str, Any]] = self._given.get("PROVIDERS", {})
        return {key: Provider.of(key, options) for key, options in given.items()}

    @cached_property
    def provider_keys_age(self) -> timedelta:
        """A provider's keys are asked for anew after so long; an unknown key earlier, but at most twice a minute."""
        return self._given.get("PROVIDER_KEYS_AGE", timedelta(hours=1))

    @cached_property
    def logout_token_age(self) -> timedelta:
        """How old a logout token may be when it arrives, at most a day; clocks may differ by a minute on top."""
        return min(self._given.get("LOGOUT_TOKEN_AGE", timedelta(minutes=5)), timedelta(days=1))

    def provider_of(self, issuer: str) -> Provider | None:
        """The provider that may end sessions in this issuer's name."""
        named = (provider for provider in self.providers.values() if issuer and provider.issuer == issuer)
        return next(named, None)

    def provider_name(self, key: str) -> str:
        """For people; a provider that the settings do not name is called by its key."""
        return (self.providers.get(key) or Provider.of(key, {})).name
