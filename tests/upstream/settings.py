"""Settings for Django's own tests: a plain project with `sessions_ui` as its engine."""

import environ

env = environ.Env()

SECRET_KEY = "only Django's own tests use it"
DATABASES = {"default": env.db_url("DATABASE_URL", default="sqlite://:memory:")}
DATABASES["default"]["TEST"] = {"NAME": "test_django_sessions" if "DATABASE_URL" in env else None}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",  # its tests import its models
    "sessions_ui",
    "sessions_tests",
    "auth_tests",
]
# As Django runs its own tests: proxies of auth.User in an app without migrations.
MIGRATION_MODULES = dict.fromkeys(("auth", "contenttypes", "sessions", "sessions_ui"))
SESSION_ENGINE = "sessions_ui.store"
MIDDLEWARE = [
    "sessions_ui.middleware.SessionMiddleware",
    "sessions_ui.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "tests.upstream.settings"
urlpatterns: list[object] = []  # no test asks for a page
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
USE_TZ = True
SILENCED_SYSTEM_CHECKS = ["fields.W342", "fields.W903", "auth.E003", "auth.W004"]
