"""Settings for Django's own tests: those of its `runtests.py`, with `sessions_ui` as the engine."""

import environ

from tests.upstream.source import django_tests

env = environ.Env()

SECRET_KEY = "only Django's own tests use it"
DATABASES = {"default": env.db_url("DATABASE_URL", default="sqlite://:memory:")}
# A server's test database must not be the one that the rest of the suite is using; SQLite's is in memory.
is_sqlite = DATABASES["default"]["ENGINE"].endswith("sqlite3")
DATABASES["default"]["TEST"] = {
    "NAME": None if is_sqlite else f"test_{DATABASES['default']['NAME']}_django_sessions"
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sites",
    "django.contrib.sessions",  # its tests import its models
    "django.contrib.messages",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.staticfiles",
    "sessions_ui",
    "sessions_tests",
    "auth_tests",
    "test_client",
    "test_client_regress",
]
# As Django runs its own tests: proxies of auth.User in an app without migrations.
MIGRATION_MODULES = dict.fromkeys(("auth", "contenttypes", "sessions", "sessions_ui"))
SESSION_ENGINE = "sessions_ui.store"
MIDDLEWARE = [
    "sessions_ui.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "sessions_ui.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "tests.upstream.settings"
urlpatterns: list[object] = []  # each test names its own
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [django_tests() / "templates"],
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
LANGUAGE_CODE = "en"
SITE_ID = 1
STATIC_URL = "static/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
USE_TZ = False  # suite.py runs the engine's tests under both
SILENCED_SYSTEM_CHECKS = ["fields.W342", "fields.W903", "auth.E003", "auth.W004", "sessions_ui.W060"]
TEST_RUNNER = "tests.upstream.runner.ReportingRunner"
