"""Imported before a host's tests, as pytest's plugin: the README's lines in its settings, however it makes these.

Suites name a settings module, or call `settings.configure()`. Both end in `apps.populate()`, which is the last moment
at which settings may change. Nothing of this repository can be imported here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.apps import apps
from django.apps.registry import Apps
from django.conf import settings

# What the README's words "instead of Django's" mean.
INSTEAD = {
    "django.contrib.sessions.middleware.SessionMiddleware": "sessions_ui.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware": "sessions_ui.middleware.AuthenticationMiddleware",
}
populate = Apps.populate


def populate_with_readme(self: Apps, installed_apps: Any = None) -> None:
    if self is apps and not self.ready and installed_apps is settings.INSTALLED_APPS:
        # Slow hashes are two thirds of the time of such suites, and nothing of what is compared.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        settings.TEST_OUTPUT_FILE_NAME = os.environ["HOSTS_REPORT"]  # of Django's runner with XML
        if readme := os.environ.get("README_SETTINGS"):
            follow(Path(readme).read_text())
        installed_apps = settings.INSTALLED_APPS
    populate(self, installed_apps)


def follow(readme: str) -> None:
    """The README's settings: its lists are filled into the project's own, the others are taken as they are."""
    lines: dict[str, Any] = {}
    exec(readme, lines)
    own_apps, own_middleware = list(settings.INSTALLED_APPS), list(settings.MIDDLEWARE)
    settings.INSTALLED_APPS = [*own_apps, *missing(lines.pop("INSTALLED_APPS"), own_apps)]
    middleware = [INSTEAD.get(entry, entry) for entry in own_middleware]
    # A project has its own reasons for what of Django's it has; what is new stands at the end.
    new = [entry for entry in missing(lines.pop("MIDDLEWARE"), middleware) if not entry.startswith("django.")]
    settings.MIDDLEWARE = [*middleware, *new]
    own_silenced = getattr(settings, "SILENCED_SYSTEM_CHECKS", [])
    settings.SILENCED_SYSTEM_CHECKS = [*own_silenced, *lines.pop("SILENCED_SYSTEM_CHECKS")]
    lines["SESSIONS_UI"].update(getattr(settings, "SESSIONS_UI", {}))  # what a suite cannot do without
    for name, value in lines.items():
        if name.isupper():
            setattr(settings, name, value)


def missing(entries: list[Any], own: list[str]) -> list[str]:
    return [entry for entry in entries if entry is not ... and entry not in own]


Apps.populate = populate_with_readme
