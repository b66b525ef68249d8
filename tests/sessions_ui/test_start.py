"""What a server that starts does not load: each of these costs it time and memory, and many never need any."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.admin",
        "sessions_ui",
        "django_htmx",
    ],
    SESSION_ENGINE="sessions_ui.store",
    MIDDLEWARE=[
        "sessions_ui.middleware.SessionMiddleware",
        "sessions_ui.middleware.AuthenticationMiddleware",
        "django_htmx.middleware.HtmxMiddleware",
    ],
    ROOT_URLCONF="sessions_ui.web.urls",
)
from django.core.wsgi import get_wsgi_application

get_wsgi_application()
from django.urls import reverse

reverse("devices", urlconf="sessions_ui.web.urls")
print(*sorted(sys.modules))
"""
LATER = {
    "babel": "names of countries are files of ours",
    "celery": "only where the project has made an app",
    "kombu": "the same",
    "cryptography": "when something is encrypted",
    "jwt": "when a provider signs somebody out",
    "ua_parser": "when a device is named first",
    "user_agents": "when no rule of ours knows a device's kind",
    "sessions_ui.client.user_agent": "the same",
    "maxminddb": "when a place file is opened",
    "geoip2": "when one in MaxMind's own schema is",
    "smtplib": "when mails are sent",
    "sessions_ui.channels": "the worker's",
    "sessions_ui.delivery": "the worker's",
    "sessions_ui.adopt": "while ADOPT_FROM is set",
}


def test_what_is_not_needed_is_not_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    assert "sessions_ui.store" in loaded and "sessions_ui.web.devices.views" in loaded
    assert [name for name in LATER if name in loaded] == []
