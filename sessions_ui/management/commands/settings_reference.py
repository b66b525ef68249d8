"""`manage.py settings_reference`: docs/settings.md, made from `conf.py` and `checks.py`."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.test.utils import override_settings

from sessions_ui.conf import Conf, conf

HEAD = """# Settings

Made by `manage.py settings_reference` from `sessions_ui/conf.py`. Every setting is a key of the dictionary
`SESSIONS_UI` in the settings of your project; all of them are optional and are read when they are needed.

| Key | Default | What it does |
|---|---|---|
"""


class Command(BaseCommand):
    help = "Prints the reference of the settings as Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        with override_settings(SESSIONS_UI={}, SESSION_COOKIE_SECURE=False):
            rows = [
                self.row(name, member) for name, member in vars(Conf).items() if self.is_setting(name, member)
            ]
        self.stdout.write(HEAD + "\n".join(rows))

    @staticmethod
    def is_setting(name: str, member: object) -> bool:
        return isinstance(member, property) and not name.startswith("_")

    @staticmethod
    def row(name: str, member: property) -> str:
        text = " ".join((inspect.getdoc(member) or "").split()).replace("|", "\\|")
        return f"| `{name.upper()}` | {in_words(getattr(conf, name))} | {text} |"


def in_words(value: Any) -> str:
    if isinstance(value, timedelta):
        return f"`timedelta(seconds={int(value.total_seconds())})`"
    if isinstance(value, tuple):
        return ", ".join(in_words(item) for item in value) or "empty"
    if isinstance(value, frozenset):
        return ", ".join(f"`{item}`" for item in sorted(value))
    if callable(value):
        return f"`{value.__module__}.{value.__qualname__}`"
    return f"`{value!r}`"
