"""What the commands' options accept."""

from __future__ import annotations

import argparse
from datetime import datetime

from django.utils.dateparse import parse_datetime

from sessions_ui.actions.endings.happened import verify_happened
from sessions_ui.database import moments
from sessions_ui.exceptions import NotYetHappened

EXAMPLE = "2026-11-24T08:00:00+00:00"


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


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
        moments.in_utc(found)  # as databases have it: there is none at the ends of the calendar
        return moments.stored(found)
    except (OverflowError, ValueError):
        raise argparse.ArgumentTypeError(f"out of range: {text!r}") from None


def past_moment(text: str) -> datetime:
    """Return the moment as `moment()` does; one that is still to come is refused, too."""
    found = moment(text)
    try:
        verify_happened(found)
    except NotYetHappened:
        raise argparse.ArgumentTypeError("that is still to come. Nothing was done.") from None
    return found
