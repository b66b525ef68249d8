"""`manage.py settings_reference`: docs/settings.md, made from the docstrings of `conf/`."""

from __future__ import annotations

import inspect
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.core.management.base import BaseCommand
from django.test.utils import override_settings

from sessions_ui.conf import SECTIONS, conf
from sessions_ui.conf.base import Section

HEAD = """# Settings

Made by `manage.py settings_reference` from `sessions_ui/conf/`. Every setting is a key of the dictionary
`SESSIONS_UI` in the settings of your project; all of them are optional, and each is read once, when it is first needed.
"""

TABLE = """
## {heading}

| Key | Default | What it does |
|---|---|---|
{rows}
"""


class Command(BaseCommand):
    help = "Prints the reference of the settings as Markdown."
    requires_system_checks = []  # it reads defaults only

    def handle(self, *args: Any, **options: Any) -> None:
        with override_settings(SESSIONS_UI={}, SESSION_COOKIE_SECURE=False):
            tables = [self.table(section) for section in SECTIONS]
        self.stdout.write(HEAD + "".join(tables), ending="")

    def table(self, section: type[Section]) -> str:
        rows = [self.row(name, member) for name, member in vars(section).items() if self.is_setting(member)]
        return TABLE.format(heading=(section.__doc__ or "").splitlines()[0], rows="\n".join(rows))

    @staticmethod
    def is_setting(member: object) -> bool:
        return isinstance(member, cached_property)

    @staticmethod
    def row(name: str, member: cached_property[Any]) -> str:
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
