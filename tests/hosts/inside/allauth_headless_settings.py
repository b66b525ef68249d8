"""django-allauth's project without a SAML provider, whose package needs a library of the system's.

Its tests sign in by Django's test client, and send the key of that cookie as an app's token: with us it is none. Here
each session counts as a browser's, so that all else is compared; tests/accounts/test_apps.py has the real thing.
"""

from typing import Any

from tests.projects.headless_only.settings import *  # noqa: F403
from tests.projects.headless_only.settings import INSTALLED_APPS

INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.endswith(".saml")]
SESSIONS_UI = {"SESSION_KIND": "allauth_headless_settings.always_a_browsers"}


def always_a_browsers(request: Any, key: str | None) -> str:
    return "browser"
