"""What Django's settings must say for the app to work and to be safe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.utils import timezone

from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.models import Session
from sessions_ui.models.primary import are_users_beside

STORE = "sessions_ui.store"


def engine(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.SESSION_ENGINE == STORE:
        return []
    hint = f'Set SESSION_ENGINE = "{STORE}".'
    return [checks.Warning("sessions_ui does not store the sessions.", hint=hint, id="sessions_ui.W001")]


def clients(**kwargs: Any) -> list[checks.CheckMessage]:
    return [
        *_readable(lambda: conf.trusted_proxies, "sessions_ui.E005"),
        *_readable(lambda: conf.proxy_header, "sessions_ui.E005"),
        *_readable(lambda: conf.store_addresses, "sessions_ui.E005"),
    ]


def allauth_trust(**kwargs: Any) -> list[checks.CheckMessage]:
    if not getattr(settings, "MFA_TRUST_ENABLED", False):
        return []
    return [
        checks.Error(
            "MFA_TRUST_ENABLED sets a stateless cookie that survives every sign-out.",
            hint="Set MFA_TRUST_ENABLED = False.",
            id="sessions_ui.E006",
        )
    ]


def allauth_usersessions(**kwargs: Any) -> list[checks.CheckMessage]:
    if "allauth.usersessions" not in settings.INSTALLED_APPS:
        return []
    return [
        checks.Error(
            "allauth.usersessions stores session keys in the clear.",
            hint="Remove it from INSTALLED_APPS: sessions_ui does what it does.",
            id="sessions_ui.E007",
        )
    ]


def cookie_age(**kwargs: Any) -> list[checks.CheckMessage]:
    absolute = common_timeout("absolute_timeout")
    if absolute is None or absolute.total_seconds() <= settings.SESSION_COOKIE_AGE:
        return []
    return [
        checks.Warning(
            "SESSION_COOKIE_AGE is shorter than ABSOLUTE_TIMEOUT: the cookie is gone before the session ends.",
            hint="Give both the same length; the server enforces the idle timeout.",
            id="sessions_ui.W008",
        )
    ]


def time_zones(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.USE_TZ or not moments.is_put_forward():
        return []
    return [
        checks.Warning(
            "USE_TZ = False: what is stored goes by the clocks of TIME_ZONE, which are put forward and back: twice a "
            "year every time limit is wrong by an hour.",
            hint='Set USE_TZ = True (Django\'s default), or TIME_ZONE = "UTC"; docs/production.md, "Without USE_TZ".',
            id="sessions_ui.W060",
        )
    ]


def idle_timeout(**kwargs: Any) -> list[checks.CheckMessage]:
    idle = common_timeout("idle_timeout")
    if idle is None or idle >= 2 * conf.last_seen_every:
        return []
    return [
        checks.Warning(
            "IDLE_TIMEOUT is shorter than twice LAST_SEEN_EVERY: people in the middle of their work are signed out.",
            hint="Make LAST_SEEN_EVERY half of IDLE_TIMEOUT at most: what was done in between is not written.",
            id="sessions_ui.W061",
        )
    ]


def persistent_connections(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check for CONN_MAX_AGE under ASGI. Seen: 32 clients with it, and PostgreSQL has "too many clients already"."""
    if not getattr(settings, "ASGI_APPLICATION", None):
        return []
    return [
        checks.Warning(
            f"DATABASES[{alias!r}] keeps connections (CONN_MAX_AGE), and under ASGI every thread keeps one.",
            hint="Set CONN_MAX_AGE = 0 and use psycopg's pool (OPTIONS['pool']) or PgBouncer.",
            id="sessions_ui.W010",
        )
        for alias, database in settings.DATABASES.items()
        if database.get("CONN_MAX_AGE", 0) != 0
    ]


def prepared_look_up(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check the type of the setting: a string from the environment, say "0", would be true."""
    if conf.prepare_look_up in (None, True, False):
        return []
    return [checks.Error("PREPARE_LOOK_UP must be None, True or False.", id="sessions_ui.E039")]


def adoption(**kwargs: Any) -> list[checks.CheckMessage]:
    name, until = conf.adopt_from, conf.adopt_until
    if not name:
        return []
    from sessions_ui.adopt import SOURCES  # described here only where they are asked for

    if name not in SOURCES:
        return [checks.Error(f"ADOPT_FROM must be one of {', '.join(SOURCES)}.", id="sessions_ui.E012")]
    if until is None:
        return []
    if settings.USE_TZ and timezone.is_naive(until):
        return [checks.Error("ADOPT_UNTIL must be a datetime with time zone.", id="sessions_ui.E012")]
    if moments.stored(until) > timezone.now():
        return []
    return [
        checks.Warning(
            "ADOPT_UNTIL is over: nothing is adopted any more.",
            hint="Take ADOPT_FROM and ADOPT_UNTIL out, and drop the old table.",
            id="sessions_ui.W013",
        )
    ]


def databases(**kwargs: Any) -> list[checks.CheckMessage]:
    """Tell what it costs to keep sessions and users in two databases. It works, so this is for information only
    (docs/scaling.md, "What to do next")."""
    if are_users_beside(Session):
        return []
    sessions, users = router.db_for_write(Session), router.db_for_write(get_user_model())
    return [
        checks.Info(
            f"The sessions are in the database {sessions!r} and the users in {users!r}: each request of somebody who "
            "is signed in takes a statement more, and no transaction holds both.",
            hint="Let the router of DATABASE_ROUTERS put sessions_ui where the users are, or silence this.",
            id="sessions_ui.I072",
        )
    ]


def secure_cookie(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check that the session cookie is secure. Django asks for it itself only where its own app or middleware is there
    (`security.W010` to `W012`)."""
    if settings.SESSION_COOKIE_SECURE or "django.contrib.sessions" in settings.INSTALLED_APPS:
        return []
    return [
        checks.Warning(
            "SESSION_COOKIE_SECURE is not True: browsers send the session cookie over plain HTTP, too.",
            hint="Set SESSION_COOKIE_SECURE = True.",
            id="sessions_ui.W011",
        )
    ]


def cookie_flags(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.SESSION_COOKIE_HTTPONLY:
        return []
    return [checks.Warning("Scripts can read the session cookie.", id="sessions_ui.W009")]


def common_timeout(name: str) -> timedelta | None:
    """Return a timeout that is the same for everybody; None for another, or where the profile is unknown (E094)."""
    try:
        timeout = getattr(conf, name)
    except ImproperlyConfigured:
        return None
    return timeout if isinstance(timeout, timedelta) else None


def _readable(read: Callable[[], object], number: str) -> list[checks.CheckMessage]:
    try:
        read()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id=number)]
    return []
