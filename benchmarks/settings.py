"""One Django settings module for every peer: the environment, set by `workers.py`, says which and where."""

from __future__ import annotations

import json
import os

from benchmarks.peers import BY_NAME

PEER = BY_NAME[os.environ["BENCH_PEER"]]

SECRET_KEY = "not a secret: only the benchmarks use it, and only on their own databases"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "benchmarks.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": json.loads(os.environ["BENCH_DATABASE"])}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/9"),
        "KEY_PREFIX": DATABASES["default"]["NAME"],
    }
}
INSTALLED_APPS = [
    "django.contrib.humanize",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    *PEER.apps,
]
MIDDLEWARE = [*PEER.middleware]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
if PEER.has_sessions:
    SESSION_ENGINE = PEER.engine
globals().update(PEER.settings)
