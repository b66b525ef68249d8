"""Ask before what cannot be undone."""

from __future__ import annotations

import sys

from django.core.management.base import BaseCommand, CommandError


def confirm(command: BaseCommand, said: str, word: str) -> None:
    """Ask for a word, on standard error: standard output may be read by a program.

    Raises `CommandError` for any other answer, and where standard input is no terminal, because nobody is there.
    """
    command.stderr.write(said, style_func=str)
    if not sys.stdin.isatty():
        raise CommandError("There is nobody to ask. Use --yes to go on without asking. Nothing was done.")
    command.stderr.write(f"Type “{word}” to go on: ", style_func=str, ending="")
    command.stderr.flush()
    if sys.stdin.readline().strip() != word:
        raise CommandError("Not confirmed. Nothing was done.")
