"""From what a person types after `--date`, `--near`, `--type` … to Filters. Applying them is `db`'s."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

from core.errors import UsageError
from core.paths import absolute
from core.pictures import Orientation
from core.queries import Filters, Near
from core.tags import tidy_name

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_HOW_DATES_LOOK = "write 2019, 2019-05 or 2019-05-03"


@dataclass(frozen=True, slots=True)
class FilterTexts:
    """The filters as they were typed. None and () mean: not given."""

    folders: tuple[str | bytes, ...] = ()  # a picture is below any of them; made absolute
    date: str | None = None  # "2019..2021-06", both ends included
    after: str | None = None  # from the first moment of this year, month or day on
    before: str | None = None  # until just before the first moment of this year, month or day
    camera: str | None = None
    near: str | None = None  # "LAT,LON,KM"
    orientation: str | None = None
    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # all of these, case ignored


def make_filters(texts: FilterTexts) -> Filters:
    """All filters in one; `date`, `after` and `before` narrow each other.

    Raises:
        UsageError: one of them cannot be read, or together they leave no moment.
    """
    date_from, date_before = parse_date_range(texts.date) if texts.date is not None else (None, None)
    after = _first_moment(texts.after) if texts.after is not None else None
    before = _first_moment(texts.before) if texts.before is not None else None
    taken_from = max((moment for moment in (date_from, after) if moment), default=None)
    taken_before = min((moment for moment in (date_before, before) if moment), default=None)
    if taken_from and taken_before and taken_from >= taken_before:
        raise UsageError(f"no picture can be from {taken_from:%Y-%m-%d} on and before {taken_before:%Y-%m-%d}")
    if any(folder in {"", b""} for folder in texts.folders):
        raise UsageError("the folder to look in is empty: name one, such as ~/Pictures")
    return Filters(
        folders=tuple(absolute(folder) for folder in texts.folders),
        taken_from=taken_from,
        taken_before=taken_before,
        camera=_camera(texts.camera),
        near=parse_near(texts.near) if texts.near is not None else None,
        orientation=parse_orientation(texts.orientation) if texts.orientation is not None else None,
        formats=parse_types(texts.types),
        tags=tuple(dict.fromkeys(tidy_name(tag) for tag in texts.tags)),
    )


def parse_date_range(text: str) -> tuple[datetime | None, datetime | None]:
    """A date or a range of dates, both ends included, as (from, before): local wall clock, from in, before out.

    "2019-05" is the whole month, "2019..2021-06" lasts until the end of June 2021, "..2020" and "2019.." are open.

    Raises:
        UsageError: it is no date, or the range runs backwards.
    """
    first, dots, last = (part.strip() for part in text.partition(".."))
    if not first and not last:
        raise UsageError(f"{text!r} is no date: {_HOW_DATES_LOOK}, or a range like 2019..2021-06")
    if not dots:
        last = first
    start = _first_moment(first) if first else None
    end = _moment_after(last) if last else None
    if start and end and start >= end:
        raise UsageError(f"the range {text!r} runs backwards: the earlier date comes first")
    return start, end


def parse_near(text: str) -> Near:
    """`LAT,LON,KM` in degrees (north and east positive) and kilometres: "48.8584,2.2945,5".

    Raises:
        UsageError: not three numbers, or no place on the earth.
    """
    try:
        latitude, longitude, radius_km = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"{text!r} is no place: write LAT,LON,KM, such as 48.8584,2.2945,5") from error
    if not -90.0 <= latitude <= 90.0:
        raise UsageError(f"the latitude in {text!r} must be from -90 to 90 degrees")
    if not -180.0 <= longitude <= 180.0:
        raise UsageError(f"the longitude in {text!r} must be from -180 to 180 degrees")
    if not (isfinite(radius_km) and radius_km > 0.0):
        raise UsageError(f"the radius in {text!r} must be a number of kilometres above 0")
    return Near(latitude, longitude, radius_km)


def parse_orientation(text: str) -> Orientation:
    """`landscape`, `portrait` or `square`; case ignored.

    Raises:
        UsageError: none of these.
    """
    try:
        return Orientation(text.strip().lower())
    except ValueError as error:
        raise UsageError(f"{text!r} is no orientation: write {_either([o.value for o in Orientation])}") from error


def parse_types(names: Collection[str]) -> tuple[str, ...]:
    """File types by media's names or by extension ("jpg", ".HEIC", "tif"), each once, in the order of media's table.

    Raises:
        UsageError: a type that is not read.
    """
    if not names:
        return ()
    from media import FORMATS  # brings numpy

    known = {row.name: row.name for row in FORMATS}
    known |= {extension[1:].decode(): row.name for row in FORMATS for extension in row.extensions}
    wanted = set()
    for name in names:
        format_name = known.get(name.strip().lower().removeprefix("."))
        if format_name is None:
            raise UsageError(f"{name!r} is no file type that is read: write {_either([r.name for r in FORMATS])}")
        wanted.add(format_name)
    return tuple(row.name for row in FORMATS if row.name in wanted)


def _camera(text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise UsageError("the camera is empty: give a part of its name, such as canon")
    return text.strip() if text else None


def _first_moment(text: str) -> datetime:
    return _whole_period(text)[0]


def _moment_after(text: str) -> datetime | None:
    """The first moment that is later than all of this year, month or day; None where the calendar ends (9999)."""
    return _whole_period(text)[1]


def _whole_period(text: str) -> tuple[datetime, datetime | None]:
    found = _DATE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no date: {_HOW_DATES_LOOK}")
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        start = datetime(year or 0, 1 if month is None else month, 1 if day is None else day)  # noqa: DTZ001 - wall clock
    except ValueError as error:
        raise UsageError(f"{text!r} is not in the calendar: {error}") from error
    return start, _step(start, by_month=month is not None, by_day=day is not None)


def _step(start: datetime, *, by_month: bool, by_day: bool) -> datetime | None:
    try:
        if by_day:
            return start + timedelta(days=1)
        if by_month and start.month < 12:
            return start.replace(month=start.month + 1)
        return start.replace(year=start.year + 1, month=1)
    except (OverflowError, ValueError):
        return None


def _either(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
