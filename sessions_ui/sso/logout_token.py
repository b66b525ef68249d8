"""Logout tokens (OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6)."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import Any

import jwt

from sessions_ui.conf import conf
from sessions_ui.conf.sso import Provider
from sessions_ui.exceptions import SessionsUIError
from sessions_ui.sso.documents import DocumentUnavailable
from sessions_ui.sso.keys import keys_of

logger = logging.getLogger(__name__)

LONGEST = 16 * 1024  # characters
LEEWAY = 60  # seconds that clocks may differ
EVENT = "http://schemas.openid.net/event/backchannel-logout"
# "logout+jwt" is recommended; what older providers send is "JWT" or nothing. Any other kind is meant for another use.
TYPES = frozenset({"logout+jwt", "jwt"})


class LogoutTokenRefused(SessionsUIError):
    """The token is not valid. The text says why, in words that may go back to whoever sent it. `error`: a code for
    programs."""

    def __init__(self, text: str, error: str = "invalid_request") -> None:
        super().__init__(text)
        self.error = error


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """What a provider said, and that it was the provider. `sub` or `sid` may be empty, not both."""

    provider: Provider
    digest: str
    iss: str
    sub: str
    sid: str


def verify_logout_token(token: str) -> LogoutToken:
    """Verify all that section 2.6 asks for, except whether the token was used before. Raises `LogoutTokenRefused`.

    May ask the provider for its keys: not to be called inside a transaction.
    """
    header, claims = _read(token)
    issuer = claims.get("iss")
    provider = conf.provider_of(issuer) if isinstance(issuer, str) else None
    if provider is None:
        raise LogoutTokenRefused("unknown issuer")
    algorithm = header.get("alg")
    if algorithm not in provider.algorithms:
        raise LogoutTokenRefused("this algorithm is not accepted")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in TYPES:
        raise LogoutTokenRefused("not a logout token")
    verified = _verify_signature(token, provider, header.get("kid"), algorithm)
    _verify_purpose(verified)
    sub, sid = _identifier(verified, "sub"), _identifier(verified, "sid")
    if not (sub or sid):
        raise LogoutTokenRefused("neither sub nor sid")
    jti = _identifier(verified, "jti")
    if not jti:
        raise LogoutTokenRefused("jti is empty")
    digest = hashlib.sha256(f"{provider.issuer}\0{jti}".encode()).hexdigest()
    return LogoutToken(provider=provider, digest=digest, iss=provider.issuer, sub=sub, sid=sid)


def _read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of something that looks like a JWT; nothing of it is to be believed yet."""
    if not token or len(token) > LONGEST:
        raise LogoutTokenRefused("no logout token, or a very long one")
    try:
        parts = jwt.decode_complete(token, options={"verify_signature": False})
    except Exception as error:  # whatever the parsers of base64, JSON and JWT throw at junk
        raise LogoutTokenRefused("not a JSON Web Token") from error
    return parts["header"], parts["payload"]


def _verify_signature(token: str, provider: Provider, kid: Any, algorithm: str) -> dict[str, Any]:
    try:
        key = keys_of(provider).find(kid if isinstance(kid, str) else None, algorithm)
    except DocumentUnavailable as error:
        logger.warning("A logout token of %s could not be verified: %s", provider.key, error)
        raise LogoutTokenRefused("the keys are not available", "temporarily_unavailable") from error
    if key is None:
        raise LogoutTokenRefused("unknown key")
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=list(provider.audience),
            issuer=provider.issuer,
            leeway=LEEWAY,
            options={"require": ["iss", "aud", "iat", "jti", "events"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise LogoutTokenRefused(f"not valid: {type(error).__name__}") from error


def _verify_purpose(claims: dict[str, Any]) -> None:
    """Verify that it is a logout token, made just now, and no ID token that somebody hands in as one."""
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise LogoutTokenRefused("events does not say logout")
    if "nonce" in claims:
        raise LogoutTokenRefused("nonce is not allowed")
    if claims["iat"] + conf.logout_token_age.total_seconds() + LEEWAY < time.time():
        raise LogoutTokenRefused("too old")


def _identifier(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str) or not value.isprintable():
        raise LogoutTokenRefused(f"{name} is not a text")
    return value
