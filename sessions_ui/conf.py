"""Every setting of the app: a property that reads `settings.SESSIONS_UI` when it is asked, with a default.

docs/settings.md is made from this file (`manage.py settings_reference`), so each docstring is its documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, TypeAlias, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string

Network = IPv4Network | IPv6Network


@lru_cache(maxsize=32)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


T = TypeVar("T")
# One value for everybody, or one for each user.
PerUser: TypeAlias = T | Callable[[Any], T | None] | None


def _for_user(setting: Any, user: Any) -> Any:
    return setting(user) if callable(setting) else setting


class Conf:
    """The settings of sessions_ui, typed."""

    @property
    def _given(self) -> dict[str, Any]:
        return getattr(settings, "SESSIONS_UI", {})

    def _per_user(self, name: str) -> Any:
        given = self._given.get(name)
        return import_string(given) if isinstance(given, str) else given

    # --- Who is asking

    @property
    def trusted_proxies(self) -> tuple[Network, ...]:
        """Networks (CIDR) of the proxies in front of the site. Only they may say, in `X-Forwarded-For` or
        `Forwarded`, who the client is; empty means that the peer's own address counts."""
        given: Sequence[str] = self._given.get("TRUSTED_PROXIES", ())
        try:
            return _networks(tuple(given))
        except ValueError as error:
            raise ImproperlyConfigured(f"SESSIONS_UI['TRUSTED_PROXIES']: {error}") from error

    @property
    def geoip_path(self) -> str:
        """Path of a City or Country file (.mmdb). Empty: every place is "unavailable"."""
        return str(self._given.get("GEOIP_PATH") or "")

    @property
    def sign_in_method(self) -> Callable[[HttpRequest, Any], str]:
        """Dotted path of a callable `(request, user) -> str` that names how somebody signed in ("password",
        "passkey", …; 32 characters at most, empty for unknown). The default knows Django's own sign-in view."""
        return import_string(self._given.get("SIGN_IN_METHOD", "sessions_ui.actions.sign_in.default_method"))

    @property
    def password_reset_views(self) -> frozenset[str]:
        """Names of views (as in `reverse()`) in which a saved password is a reset, which ends every session, that of
        the browser included, not a change. Views derived from Django's `PasswordResetConfirmView` are known; the
        default adds allauth's."""
        return frozenset(
            self._given.get(
                "PASSWORD_RESET_VIEWS",
                ("account_reset_password_from_key", "account_complete_password_reset"),
            )
        )

    # --- How long a sign-in lasts

    @property
    def idle_timeout(self) -> PerUser[timedelta]:
        """A session that was not used for so long has ended (ASVS 5.0 7.3.1). A `timedelta`, None for no such limit,
        or a callable (or its dotted path) that gets the user and returns either."""
        return self._per_user("IDLE_TIMEOUT")

    @property
    def absolute_timeout(self) -> PerUser[timedelta]:
        """A session ends so long after its sign-in, whatever its use (ASVS 5.0 7.3.2). None: only Django's
        `SESSION_COOKIE_AGE` counts, from the last time the session was saved. May be a callable of the user."""
        return self._per_user("ABSOLUTE_TIMEOUT")

    @property
    def not_remembered_timeout(self) -> PerUser[timedelta]:
        """The absolute timeout of a sign-in without "stay signed in" (`set_expiry(0)`): the browser is asked to
        forget the cookie when it closes, which many never do. May be a callable of the user."""
        return self._per_user("NOT_REMEMBERED_TIMEOUT")

    @property
    def session_limit(self) -> PerUser[int]:
        """How many browsers may be signed in to an account at the same time (ASVS 5.0 7.1.2); None for any number.
        May be a callable of the user."""
        return self._per_user("SESSION_LIMIT")

    @property
    def session_limit_refuses(self) -> bool:
        """What happens over the limit: the new sign-in is refused, or (the default) the oldest session on a device
        that nobody confirmed is ended, then the oldest of all."""
        return self._given.get("SESSION_LIMIT_REFUSES", False)

    def idle_timeout_of(self, user: Any) -> timedelta | None:
        return _for_user(self.idle_timeout, user)

    def absolute_timeout_of(self, user: Any) -> timedelta | None:
        return _for_user(self.absolute_timeout, user)

    def not_remembered_timeout_of(self, user: Any) -> timedelta | None:
        return _for_user(self.not_remembered_timeout, user)

    def session_limit_of(self, user: Any) -> int | None:
        return _for_user(self.session_limit, user)

    @property
    def last_seen_every(self) -> timedelta:
        """Last activity is written at most once in this time."""
        return self._given.get("LAST_SEEN_EVERY", timedelta(seconds=60))

    @property
    def rotation_grace(self) -> timedelta:
        """After a key rotation, requests still under way with the old key are told to try again for so long,
        instead of being signed out. The old key authenticates nobody."""
        return self._given.get("ROTATION_GRACE", timedelta(seconds=60))

    @property
    def retention(self) -> timedelta:
        """Ended sessions, their events and deliveries are kept for so long, then purged."""
        return self._given.get("RETENTION", timedelta(days=180))

    # --- Moving here from another session engine (docs/adoption.md)

    @property
    def adopt_from(self) -> str:
        """Whose sessions go on here: "db" (Django's `db` and `cached_db`), "allauth", "user_sessions" or "qsessions".
        A key that is unknown here is then looked up in that engine's table, until `ADOPT_UNTIL`. Empty: it is not."""
        return self._given.get("ADOPT_FROM", "")

    @property
    def adopt_until(self) -> datetime | None:
        """An aware `datetime`, some days ahead: what nobody has used until then is not adopted any more. Without it
        `ADOPT_FROM` has no effect."""
        return self._given.get("ADOPT_UNTIL")

    def adopting_from(self) -> str:
        """The source that a miss falls back to now; empty for none."""
        name, until = self.adopt_from, self.adopt_until
        return name if name and until is not None and timezone.now() < until else ""

    # --- Devices

    @property
    def device_cookie(self) -> bool:
        """Recognise a browser by a long-lived random cookie, set at sign-in only. It signs nobody in. Off: each
        sign-in is a new device."""
        return self._given.get("DEVICE_COOKIE", True)

    @property
    def device_cookie_name(self) -> str:
        """Name of that cookie; with `SESSION_COOKIE_SECURE` it gets the prefix `__Host-`."""
        name = self._given.get("DEVICE_COOKIE_NAME", "device")
        return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name

    @property
    def device_cookie_age(self) -> timedelta:
        """How long a browser is recognised after its last sign-in; browsers allow 400 days at most."""
        return self._given.get("DEVICE_COOKIE_AGE", timedelta(days=400))

    @property
    def supersede(self) -> bool:
        """Signing in again in the same browser ends the older session there, so that lists do not flood."""
        return self._given.get("SUPERSEDE", True)

    # --- Pages and mail

    @property
    def base_template(self) -> str:
        """The template that the pages extend: it needs a block `title` and a block `content`."""
        return self._given.get("BASE_TEMPLATE", "sessions_ui/base.html")

    @property
    def history_days(self) -> int:
        """ "Recently signed out" on the devices page goes back so many days."""
        return self._given.get("HISTORY_DAYS", 30)

    @property
    def mail_from(self) -> str | None:
        """Sender of the app's mails. None: `DEFAULT_FROM_EMAIL`."""
        return self._given.get("MAIL_FROM")

    @property
    def site_url(self) -> str:
        """Scheme and host for links in mails ("https://example.org"), which no request can tell. Empty: mails
        have no links."""
        return str(self._given.get("SITE_URL", "")).rstrip("/")

    # --- Telling

    @property
    def delivery_lease(self) -> timedelta:
        """Whoever claims a delivery has so long for it; then the sweep gives it to somebody else."""
        return self._given.get("DELIVERY_LEASE", timedelta(minutes=2))

    @property
    def delivery_retries(self) -> tuple[timedelta, ...]:
        """Waits between the attempts of a delivery; after the last one it is parked for an administrator."""
        default = [timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)]
        return tuple(self._given.get("DELIVERY_RETRIES", default))


conf = Conf()
