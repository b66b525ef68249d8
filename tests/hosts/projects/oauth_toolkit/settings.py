"""A project with django-oauth-toolkit, by its own tutorial."""

from host_settings import *  # noqa: F403
from host_settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "oauth2_provider"]
MIDDLEWARE = [*MIDDLEWARE, "oauth2_provider.middleware.OAuth2TokenMiddleware"]
AUTHENTICATION_BACKENDS = [
    "oauth2_provider.backends.OAuth2Backend",
    "django.contrib.auth.backends.ModelBackend",
]
ROOT_URLCONF = "oauth_toolkit.urls"
LOGIN_URL = "/admin/login/"
