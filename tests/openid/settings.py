"""This site with django-allauth's OpenID Connect client."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [
    *INSTALLED_APPS,  # noqa: F405
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
# Beside the test database of the process that started this one.
DATABASES["default"]["TEST"] = {  # noqa: F405
    "NAME": str(VAR_DIR / "openid.sqlite3") if "sqlite3" in DATABASES["default"]["ENGINE"] else "test_openid"  # noqa: F405
}
