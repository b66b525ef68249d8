"""Convert moments, with `USE_TZ` and without: between what the rows hold and what is said to the outside.

Without `USE_TZ` Django keeps moments as the wall clock of `TIME_ZONE` shows them, without an offset, and
`timezone.now()` is one of these. So does the app: what it compares are moments as they are stored. What comes from the
outside (`stored()`, `stated()`, `from_timestamp()`), and what goes there (`aware()`, `local()`, `to_timestamp()`),
passes through here; nothing else may convert any (tests/sessions_ui/database/test_moments.py looks).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.conf import settings
from django.utils import timezone

from sessions_ui.exceptions import OutOfRange

# Beyond these years nobody means a moment, and some cannot be kept or shown: before the year 1, or after 9999, it is in
# some time zone, which no database gives back and no page can word. Far enough from both ends for any sum of ours.
YEARS = range(1970, 9000)


def stored(moment: datetime) -> datetime:
    """Return the moment as the rows hold it, in whatever form it came.

    One without an offset is taken for the wall clock of `TIME_ZONE`.
    """
    if settings.USE_TZ:
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment, _zone())
    return timezone.make_naive(moment, _zone()) if timezone.is_aware(moment) else moment


def stated(moment: datetime, name: str) -> datetime:
    """Return the moment of an argument called `name` as the rows hold it.

    Raises `ValueError` for one without an offset, unless the project goes without `USE_TZ`, and `OutOfRange` as
    `verify_range()` does.
    """
    if settings.USE_TZ and timezone.is_naive(moment):
        raise ValueError(f"{name} needs a time zone.")
    verify_range(moment)
    return stored(moment)


def verify_range(moment: date) -> None:
    """Raise `OutOfRange` for a moment, or a day, that nobody can have meant. Everything that somebody states passes
    here before it is kept or looked for (tests/sessions_ui/database/test_out_of_range.py looks)."""
    if moment.year not in YEARS:
        raise OutOfRange


def from_timestamp(seconds: float) -> datetime:
    """Return a moment as the rows hold it, from seconds since 1970. Raises what `datetime.fromtimestamp()` does, and
    `OutOfRange`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    verify_range(moment)
    return stored(moment)


def to_timestamp(moment: datetime) -> int:
    """Return whole seconds since 1970, as JWTs and their like have them."""
    return int(aware(moment).timestamp())


def aware(moment: datetime) -> datetime:
    """Return the moment with its offset. In the hour that comes twice in autumn, one of a row is the first of the
    two."""
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment, _zone())


def local(moment: datetime) -> datetime:
    """Return the moment with its offset, in the zone in which somebody reads it."""
    return aware(moment).astimezone(timezone.get_current_timezone())


def day_of(moment: datetime) -> date:
    """Return the day that the moment belongs to where days are counted.

    It goes by the zone of the reader, except for rows without an offset: they can be counted only by the zone they are
    in.
    """
    return local(moment).date() if settings.USE_TZ else moment.date()


def midnight(day: date) -> datetime:
    """Return when this day begins, as the rows hold it.

    Raises `OutOfRange` as `verify_range()` does: at the ends of the calendar there may be no such moment.
    """
    verify_range(day)
    begins = datetime.combine(day, time.min)
    return timezone.make_aware(begins).astimezone(UTC) if settings.USE_TZ else begins


def day_begins(day: date) -> datetime:
    """Return when this day begins for whoever reads, as the rows hold it: also without `USE_TZ`, where the database
    counts days by another zone (`midnight()`). Raises `OutOfRange` as `midnight()` does."""
    verify_range(day)
    return stored(timezone.make_aware(datetime.combine(day, time.min)))


def in_utc(moment: datetime) -> datetime:
    return aware(moment).astimezone(UTC)


def wall_clock() -> timedelta:
    """Return by how much the wall clock of the rows is ahead of UTC now."""
    if settings.USE_TZ:
        return timedelta(0)
    return datetime.now(_zone()).utcoffset() or timedelta(0)


def is_put_forward() -> bool:
    """Return whether that clock is put forward and back in the course of a year."""
    now = datetime.now(UTC)
    return (
        len({(now + timedelta(days=30 * month)).astimezone(_zone()).utcoffset() for month in range(12)}) > 1
    )


def _zone() -> tzinfo:
    return timezone.get_default_timezone()
