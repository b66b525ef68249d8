"""This site with its users in another database than the sessions."""

from config.settings import *  # noqa: F403
from config.settings import STORAGES

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
DATABASES = {"default": SQLITE, "users": SQLITE}
DATABASE_ROUTERS = ["tests.users.router.OurSessionsElsewhere"]
ACCOUNT_RATE_LIMITS = False
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
MIGRATION_MODULES = dict.fromkeys(
    ["sessions_ui", "accounts", "account", "auth", "contenttypes", "mfa", "admin"], None
)
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
