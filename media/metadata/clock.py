"""Dates as metadata writes them, turned into moments; what is not a date becomes None."""

import re
from datetime import UTC, datetime, timedelta

from media.metadata.found import Moment

# From the first photograph to a time no camera's clock is set to but by a fault.
YEARS = range(1826, 2200)

# EXIF "2008:10:22 16:28:39", XMP "2008-10-22T16:28:39.24+02:00", and XMP's shorter forms down to the year alone.
_CLOCK = re.compile(
    r"(\d{4})(?:[:-](\d{2})(?:[:-](\d{2})"
    r"(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?\s*(Z|[+-]\d{1,2}:?\d{2})?)?)?)?",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})", re.ASCII)
_WIDEST_OFFSET_MINUTES = 14 * 60  # Kiribati; the west ends at -12 hours


def parse_clock(text: str, *, subseconds: str = "", offset: str = "") -> Moment | None:
    """A moment from one date text; EXIF keeps `subseconds` ("24") and `offset` ("+02:00") in tags of their own."""
    match = _CLOCK.fullmatch(text.strip(" \0\t\r\n"))
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    local = moment_of(
        (int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0)),
        fraction or subseconds,
    )
    if local is None:
        return None
    return Moment(local, parse_offset(zone or offset))


def moment_of(parts: tuple[int, int, int, int, int, int], fraction: str = "") -> datetime | None:
    """A naive datetime of year, month, day, hour, minute, second and fractional digits, if there is such a day."""
    digits = fraction.strip(" \0")
    microseconds = int(digits[:6].ljust(6, "0")) if digits.isascii() and digits.isdigit() else 0
    if parts[0] not in YEARS:
        return None
    try:
        return datetime(*parts, microseconds)  # noqa: DTZ001 - a clock on the wall has no zone
    except ValueError:
        return None


def parse_offset(text: str) -> int | None:
    """Minutes east of UTC from "+02:00", "+0200", "-3:30" or "Z"; None where it is something else."""
    text = text.strip(" \0")
    if text == "Z":
        return 0
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > _WIDEST_OFFSET_MINUTES:
        return None
    return -total if sign == "-" else total


def moment_of_timestamp(seconds: float) -> Moment | None:
    """Seconds since 1970 (UTC) as a moment at UTC; 0 stands for "not known" and gives None."""
    if not seconds:
        return None
    try:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None
    return Moment(at.replace(tzinfo=None), 0) if at.year in YEARS else None


def file_moment(mtime_s: float) -> Moment:
    """The time of a file on this machine's clock, naive; one beyond what can be written becomes 1970."""
    try:
        return Moment(datetime.fromtimestamp(mtime_s, UTC).astimezone().replace(tzinfo=None))
    except (OverflowError, ValueError, OSError):
        return Moment(datetime(1970, 1, 1))  # noqa: DTZ001 - naive, as the other branch
