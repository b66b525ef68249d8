"""Who is measured, and how each is set up. No Django here: the parent process reads it too."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    label: str
    engine: str = ""
    apps: tuple[str, ...] = ("django.contrib.sessions",)
    middleware: tuple[str, ...] = (SESSION, AUTHENTICATION)
    settings: dict[str, object] = field(default_factory=dict)

    @property
    def has_sessions(self) -> bool:
        return bool(self.engine)


FLOOR = Peer("floor", "no sessions at all (the floor)", apps=(), middleware=())
DJANGO_DB = Peer("django_db", "Django db", "django.contrib.sessions.backends.db")
CACHED_DB = Peer(
    "django_cached_db", "Django cached_db on Redis", "django.contrib.sessions.backends.cached_db"
)
CACHE = Peer("django_cache", "Django cache on Redis", "django.contrib.sessions.backends.cache")
USER_SESSIONS = Peer(
    "user_sessions",
    "django-user-sessions",
    "user_sessions.backends.db",
    apps=("user_sessions",),
    middleware=("user_sessions.middleware.SessionMiddleware", AUTHENTICATION),
)
QSESSIONS_DB = Peer(
    "qsessions_db",
    "django-qsessions db",
    "qsessions.backends.db",
    apps=("qsessions",),
    middleware=("qsessions.middleware.SessionMiddleware", AUTHENTICATION),
)
QSESSIONS_CACHED_DB = Peer(
    "qsessions_cached_db",
    "django-qsessions cached_db on Redis",
    "qsessions.backends.cached_db",
    apps=QSESSIONS_DB.apps,
    middleware=QSESSIONS_DB.middleware,
)
ALLAUTH = Peer(
    "allauth",
    "allauth.usersessions, activity tracked",
    "django.contrib.sessions.backends.db",
    apps=("django.contrib.sessions", "allauth", "allauth.account", "allauth.usersessions"),
    middleware=(
        SESSION,
        AUTHENTICATION,
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
        "allauth.usersessions.middleware.UserSessionsMiddleware",
    ),
    settings={"USERSESSIONS_TRACK_ACTIVITY": True},
)
README: dict[str, object] = {"TRUSTED_PROXIES": ["10.0.0.0/8"], "SITE_URL": "https://example.org"}
# Set up as in README.md: last activity is tracked, devices are recognised by their cookie.
OURS = Peer(
    "sessions_ui",
    "**sessions_ui**",
    "sessions_ui.store",
    apps=("sessions_ui",),
    middleware=(
        "sessions_ui.middleware.SessionMiddleware",
        "sessions_ui.middleware.AuthenticationMiddleware",
    ),
    settings={"SESSIONS_UI": README},
)

# As behind a pooler in transaction mode: nothing can be prepared there.
OURS_UNPREPARED = replace(
    OURS,
    name="sessions_ui_unprepared",
    label="**sessions_ui**, not prepared (a pooler)",
    settings={"SESSIONS_UI": {**README, "PREPARE_LOOK_UP": False}},
)

# Somebody reads the metrics, so look-ups are timed.
OURS_TIMED = replace(
    OURS,
    name="sessions_ui_timed",
    label="**sessions_ui**, timed for the metrics",
    settings={"SESSIONS_UI": {**README, "METRICS_TOKEN": "nobody asks for it here"}},
)

# With Django's admin, which no other measure needs.
OURS_ADMIN = replace(
    OURS,
    name="sessions_ui_admin",
    apps=("django.contrib.admin", *OURS.apps),
    middleware=(*OURS.middleware, "django.contrib.messages.middleware.MessageMiddleware"),
)

# With the pages, and what README.md puts beside them.
OURS_PAGES = replace(
    OURS,
    name="sessions_ui_pages",
    apps=("django.contrib.staticfiles", "django_htmx", *OURS.apps),
    middleware=(
        *OURS.middleware,
        "django.contrib.messages.middleware.MessageMiddleware",
        "django_htmx.middleware.HtmxMiddleware",
    ),
    settings={**OURS.settings, "STATIC_URL": "static/"},
)

# With the JSON API, which limits nobody here.
OURS_API = replace(OURS, name="sessions_ui_api", settings={"SESSIONS_UI": {**README, "API_RATE_LIMIT": None}})

# With the streams of open tabs, woken through Redis.
OURS_LIVE = replace(
    OURS,
    name="sessions_ui_live",
    settings={
        "SESSIONS_UI": {**README, "REDIS_URL": os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/9")}
    },
)

# Who is measured with a token in the header in place of a cookie (`measures/bearer.py`).
DRF_FLOOR = Peer(
    "drf_floor", "no authentication, REST framework (its floor)", apps=("rest_framework",), middleware=()
)
DRF_TOKEN = Peer(
    "drf_token",
    "REST framework's TokenAuthentication",
    apps=("rest_framework", "rest_framework.authtoken"),
    middleware=(),
)
KNOX = Peer("knox", "django-rest-knox", apps=("rest_framework", "knox"), middleware=())
OURS_BEARER = replace(OURS, name="sessions_ui_bearer", label="**sessions_ui**, a plain view")
OURS_DRF = replace(
    OURS,
    name="sessions_ui_drf",
    label="**sessions_ui**, REST framework",
    apps=("rest_framework", *OURS.apps),
)
WITH_TOKEN = [DRF_FLOOR, DRF_TOKEN, KNOX, OURS_BEARER, OURS_DRF]

# Ratios are against the first.
PEERS = [
    DJANGO_DB,
    CACHED_DB,
    CACHE,
    USER_SESSIONS,
    QSESSIONS_DB,
    QSESSIONS_CACHED_DB,
    ALLAUTH,
    OURS,
    FLOOR,
]
BY_NAME = {
    peer.name: peer
    for peer in [
        *PEERS,
        *WITH_TOKEN,
        OURS_UNPREPARED,
        OURS_TIMED,
        OURS_ADMIN,
        OURS_PAGES,
        OURS_LIVE,
        OURS_API,
    ]
}
