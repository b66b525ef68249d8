"""What the commands' options accept."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils.dateparse import parse_datetime

from sessions_ui.actions.endings.happened import verify_happened
from sessions_ui.database import moments
from sessions_ui.exceptions import NotYetHappened, OutOfRange

MOST_ROWS = min(sys.maxsize, 2**63 - 1) - 1  # one more is looked for, to say that there are more
LONGEST_TABLE = 10_000  # rows; a table is as wide as its widest cell, so all of it is held
EXAMPLE = "2026-11-24T08:00:00+00:00"


def positive(text: str) -> int:
    """Return the number of rows; more than a database or an iterator can count is as many as there are."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return min(number, MOST_ROWS)


def verify_table(options: dict[str, Any]) -> None:
    """Raise `CommandError` where `--limit` is more than a table can have."""
    if options["limit"] > LONGEST_TABLE and not options["json"]:
        raise CommandError(
            f"--limit: a table has {LONGEST_TABLE:,} rows at most. --json has as many as you like."
        )


def given(text: str) -> str:
    """Refuse an empty value: an unset variable of a script must not choose everything."""
    if not text.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return text


def moment(text: str) -> datetime:
    """Return the moment as rows hold it; one without an offset is the site's wall clock.

    A date alone is refused: midnight is not what it would mean.
    """
    try:
        found = parse_datetime(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}: {text!r}") from None
    if found is None or ":" not in text:
        raise argparse.ArgumentTypeError(f"a date with a time, such as {EXAMPLE}, not {text!r}")
    try:
        moments.verify_range(found)
    except OutOfRange:
        raise argparse.ArgumentTypeError(f"out of range: {text!r}") from None
    return moments.stored(found)


def past_moment(text: str) -> datetime:
    """Return the moment as `moment()` does; one that is still to come is refused, too."""
    found = moment(text)
    try:
        verify_happened(found)
    except NotYetHappened:
        raise argparse.ArgumentTypeError("that is in the future. Nothing was done.") from None
    return found
