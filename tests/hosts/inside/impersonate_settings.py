"""A project for django-impersonate's tests, which come without one."""

from host_settings import *  # noqa: F403
from host_settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "impersonate"]
MIDDLEWARE = [*MIDDLEWARE, "impersonate.middleware.ImpersonateMiddleware"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
ROOT_URLCONF = "impersonate.tests"
LOGIN_REDIRECT_URL = "/accounts/profile/"
