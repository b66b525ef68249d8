"""A project with every package that a bridge covers; on the database that HOSTS_DATABASE_URL names, if it does."""

import os
from pathlib import Path

import dj_database_url
from host_settings import *  # noqa: F403
from host_settings import DATABASES, INSTALLED_APPS, TEMPLATES

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "rest_framework",
    "rest_framework.authtoken",
    "knox",
    "oauth2_provider",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
]
if os.environ.get("HOSTS_DATABASE_URL"):
    DATABASES = {"default": dj_database_url.parse(os.environ["HOSTS_DATABASE_URL"])}
SECRET_KEY = "only for tests, and as long as HMAC with SHA-256 asks for"
ROOT_URLCONF = "bridges.urls"
LOGIN_URL = "/admin/login/"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
TEMPLATES = [{**TEMPLATES[0], "DIRS": [Path(__file__).parent / "templates"]}]
SIMPLE_JWT = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}
