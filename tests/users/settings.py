"""A plain project with a user model of its own, named by the environment."""

import os
import sys

import environ

env = environ.Env()

if env.bool("PSYCOPG_2", default=False):
    sys.modules["psycopg"] = None  # type: ignore[assignment]  # Django takes the older driver where there is no newer

SECRET_KEY = "only these tests use it"
DATABASE_ROUTERS = ["tests.replica.NoReplica"]
DATABASES = {"default": env.db_url("DATABASE_URL", default="sqlite://:memory:")}
if "DATABASE_URL" in env:
    # Runs beside each other on one server must not share it.
    run = (os.environ.get(name, "") for name in ("SUITE", "USER_MODEL", "USERS_ELSEWHERE", "PSYCOPG_2"))
    DATABASES["default"]["TEST"] = {"NAME": "_".join(["test", DATABASES["default"]["NAME"], *run]).lower()}
if elsewhere := env.bool("USERS_ELSEWHERE", default=False):
    DATABASES["users"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    DATABASE_ROUTERS.append("tests.users.router.UsersElsewhere")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django_htmx",
    "sessions_ui",
    "tests.users.apps.UsersConfig",
]
AUTH_USER_MODEL = f"users.{os.environ['USER_MODEL']}"
SESSION_ENGINE = "sessions_ui.store"
MIGRATION_MODULES = {"sessions_ui": None, "auth": None, "contenttypes": None}
MIDDLEWARE = [
    "sessions_ui.middleware.SessionMiddleware",
    "sessions_ui.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
STATIC_URL = "static/"
ROOT_URLCONF = "tests.users.urls"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
USE_TZ = True
