"""A project with django-two-factor-auth, by its own instructions."""

from host_settings import *  # noqa: F403
from host_settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "two_factor",
]
MIDDLEWARE = [*MIDDLEWARE, "django_otp.middleware.OTPMiddleware"]
ROOT_URLCONF = "two_factor_auth.urls"
LOGIN_URL = "two_factor:login"
LOGIN_REDIRECT_URL = "/whoami"
