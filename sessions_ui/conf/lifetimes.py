"""How long a sign-in lasts."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from sessions_ui.conf.base import PerUser, Section


class LifetimeSettings(Section):
    """How long a sign-in lasts"""

    @cached_property
    def profile(self) -> str:
        """Ready-made defaults of `ABSOLUTE_TIMEOUT` and `IDLE_TIMEOUT`; what you set yourself wins. "aal1", "aal2" and
        "aal3" are those of NIST SP 800-63B-4: 30 days and no idle timeout (2.1.3), 24 hours and 1 hour (2.2.3), 12
        hours and 15 minutes (2.3.3). "pci" is an idle timeout of 15 minutes (PCI DSS 4.0.1, 8.2.8). Empty: none. A
        profile says how long, not how: whether people sign in as strongly is for the site
        ([assurance.md](assurance.md))."""
        return self._given.get("PROFILE", "")

    @cached_property
    def idle_timeout(self) -> PerUser[timedelta]:
        """A session that was not used for so long has ended (ASVS 5.0 7.3.1). A `timedelta`, None for no such limit,
        or a callable (or its dotted path) that gets the user and returns either."""
        return self._per_user("IDLE_TIMEOUT")

    @cached_property
    def absolute_timeout(self) -> PerUser[timedelta]:
        """A session ends so long after its sign-in, whatever its use (ASVS 5.0 7.3.2). None: only Django's
        `SESSION_COOKIE_AGE` counts, from the last time the session was saved. May be a callable of the user."""
        return self._per_user("ABSOLUTE_TIMEOUT")

    @cached_property
    def not_remembered_timeout(self) -> PerUser[timedelta]:
        """The absolute timeout of a sign-in without "stay signed in" (`set_expiry(0)`): the browser is asked to
        forget the cookie when it closes, which many never do. May be a callable of the user."""
        return self._per_user("NOT_REMEMBERED_TIMEOUT")

    @cached_property
    def session_limit(self) -> PerUser[int]:
        """How many browsers may be signed in to an account at the same time (ASVS 5.0 7.1.2); None for any number.
        May be a callable of the user."""
        return self._per_user("SESSION_LIMIT")

    @cached_property
    def session_limit_refuses(self) -> bool:
        """What happens over the limit: the new sign-in is refused until one device was signed out, which takes a
        mailed code; or (the default) the oldest session on a device that nobody confirmed is ended, then the oldest
        of all."""
        return self._given.get("SESSION_LIMIT_REFUSES", False)

    @cached_property
    def last_seen_every(self) -> timedelta:
        """Last activity is written at most once in this time. No more than half of `IDLE_TIMEOUT`, else people in the
        middle of their work are signed out."""
        return self._given.get("LAST_SEEN_EVERY", timedelta(seconds=60))

    @cached_property
    def rotation_grace(self) -> timedelta:
        """After a key rotation, requests still under way with the old key are told to try again for so long,
        instead of being signed out. The old key authenticates nobody."""
        return self._given.get("ROTATION_GRACE", timedelta(seconds=60))

    @cached_property
    def retention(self) -> timedelta:
        """Ended sessions, their devices, events and deliveries are kept for so long, then purged. What of each table is
        kept how long: [production.md](production.md#what-is-kept-how-long)."""
        return self._given.get("RETENTION", timedelta(days=180))
