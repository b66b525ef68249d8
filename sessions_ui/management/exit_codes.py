"""With what `manage.py sessions …` exits (docs/commands.md): a runbook's script goes by it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0
    ERROR = 1  # somebody or something is unknown, or the options contradict each other; nothing was done
    USAGE = 2  # argparse: an option that there is not, or a value that cannot be read
    NOTHING_MATCHED = 3  # nothing that was asked for is signed in
    NOT_DONE = 4  # some are still signed in, or the database refused it: to be tried again
