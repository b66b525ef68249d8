"""Who is asking, and from where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any, Literal

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.module_loading import import_string

from sessions_ui.conf.base import Section

if TYPE_CHECKING:
    from sessions_ui.assurance import Authentication

Network = IPv4Network | IPv6Network


@lru_cache(maxsize=32)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


def networks(setting: str, given: Sequence[str]) -> tuple[Network, ...]:
    try:
        return _networks(tuple(given))
    except ValueError as error:
        raise ImproperlyConfigured(f"SESSIONS_UI['{setting}']: {error}") from error


class ClientSettings(Section):
    """Who is asking, and from where"""

    @cached_property
    def trusted_proxies(self) -> tuple[Network, ...]:
        """Networks (CIDR) of the proxies in front of the site. Only they may say, in `X-Forwarded-For` or
        `Forwarded`, who the client is; empty means that the peer's own address counts."""
        return networks("TRUSTED_PROXIES", self._given.get("TRUSTED_PROXIES", ()))

    @cached_property
    def proxy_header(self) -> Literal["", "X-Forwarded-For", "Forwarded"]:
        """The header that the trusted proxies write: "X-Forwarded-For" or "Forwarded" (RFC 7239); the other is not
        looked at. Empty: `X-Forwarded-For`, and only without it `Forwarded`. Name "Forwarded" if your proxies write
        that one and let a client's own `X-Forwarded-For` pass."""
        name = self._given.get("PROXY_HEADER", "")
        if name not in ("", "X-Forwarded-For", "Forwarded"):
            raise ImproperlyConfigured(
                f"SESSIONS_UI['PROXY_HEADER']: X-Forwarded-For or Forwarded, not {name!r}"
            )
        return name

    @cached_property
    def organization_id(self) -> Callable[[HttpRequest | None, Any], Any] | None:
        """Dotted path of a callable `(request, user)` that says for which organization somebody signs in: its id (as
        text 255 characters at most), or None. The session keeps it (`Session.organization_id`), and an incident can be
        about it. `request` is None where no request signs in, as over a socket. The default: nobody knows."""
        given = self._given.get("ORGANIZATION_ID")
        return import_string(given) if isinstance(given, str) else given

    @cached_property
    def session_kind(self) -> Callable[[HttpRequest, str | None], str]:
        """Dotted path of a callable `(request, key) -> str`: "app" where a view looks up a session by a key that an app
        has sent in a header, or makes one for an app (then `key` is None), "browser" otherwise. Each kind's keys are
        good in their own place only (docs/apps.md). The default knows allauth's headless API. The session of the
        cookie is a browser's; nobody is asked about it."""
        return import_string(
            self._given.get("SESSION_KIND", "sessions_ui.actions.sessions.rules.presented.kind_of")
        )

    @cached_property
    def sign_in_method(self) -> Callable[[HttpRequest, Any], str]:
        """Dotted path of a callable `(request, user) -> str` that names how somebody signed in ("password",
        "passkey", …; 32 characters at most, empty for unknown). The default knows Django's own sign-in view."""
        return import_string(
            self._given.get("SIGN_IN_METHOD", "sessions_ui.actions.sign_in.sign_in.default_method")
        )

    @cached_property
    def authentication(self) -> Callable[[HttpRequest, Any], Iterable[Authentication]] | None:
        """Dotted path of a callable `(request, user)` that returns what was shown at the sign-in that is going on: a
        `sessions_ui.assurance.Authentication` for each, with the id of the credential and since when that is there
        (docs/assurance.md). None: what follows from the words of `SIGN_IN_METHOD`, of which nobody knows since when
        they are there, so that none of them ever is a further proof."""
        name = self._given.get("AUTHENTICATION")
        return import_string(name) if name else None

    @cached_property
    def sign_in_pages(self) -> frozenset[str]:
        """Names of views (as in `reverse()`) whose pages lead to sign-in, beside that of `LOGIN_URL`: they ask the
        browser for client hints (`Accept-CH`), which tell Windows 11 from 10, a phone's model and Brave from Chrome.
        Empty: no page asks."""
        return frozenset(
            self._given.get(
                "SIGN_IN_PAGES",
                (
                    "login",
                    "admin:login",
                    "account_login",
                    "account_signup",
                    "account_reset_password_from_key",
                ),
            )
        )

    @cached_property
    def password_reset_views(self) -> frozenset[str]:
        """Names of views (as in `reverse()`) in which a saved password is a reset, which ends every session, that of
        the browser included, not a change. Views derived from Django's `PasswordResetConfirmView` are known; the
        default adds allauth's, its headless API included."""
        return frozenset(
            self._given.get(
                "PASSWORD_RESET_VIEWS",
                (
                    "account_reset_password_from_key",
                    "account_complete_password_reset",
                    "headless:app:account:reset_password",
                    "headless:browser:account:reset_password",
                ),
            )
        )
