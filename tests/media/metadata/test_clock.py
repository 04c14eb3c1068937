"""Dates in and out, on examples and on anything at all."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.metadata.clock import YEARS, file_moment, moment_of_timestamp, parse_clock, parse_offset
from media.metadata.found import Moment
from media.metadata.iptc import parse_iptc_date

naive_times = st.datetimes(min_value=datetime(YEARS.start, 1, 1), max_value=datetime(YEARS.stop - 1, 12, 31))  # noqa: DTZ001


def moment(*parts: int, offset: int | None = None) -> Moment:
    return Moment(datetime(*parts), offset)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2008:10:22 16:28:39", moment(2008, 10, 22, 16, 28, 39)),
        ("2008:10:22 16:28:39\0\0", moment(2008, 10, 22, 16, 28, 39)),
        ("2023-09-27T14:30:43+02:00", moment(2023, 9, 27, 14, 30, 43, offset=120)),
        ("2008-05-25T19:31:26.0+1:00", moment(2008, 5, 25, 19, 31, 26, offset=60)),
        ("2013-09-23T10:09:46Z", moment(2013, 9, 23, 10, 9, 46, offset=0)),
        ("2022-01-10T15:15:44.31", moment(2022, 1, 10, 15, 15, 44, 310_000)),
        ("2022-01-10T15:15", moment(2022, 1, 10, 15, 15)),
        ("2003-08-31", moment(2003, 8, 31)),
        ("1950-07", moment(1950, 7, 1)),
        ("1950", moment(1950, 1, 1)),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("", None),
        ("2017:08:21 15:08:70", None),
        ("2008:02:30 10:00:00", None),
        ("2008:13:01 10:00:00", None),
        ("2008.10.22 16.28.39", None),
        ("2008/10/22 16:28:39", None),
        ("22:10:2008 16:28:39", None),
        ("1066:10:14 09:00:00", None),
        ("9999:12:31 23:59:59", None),
        ("٢٠٠٨:١٠:٢٢ ١٦:٢٨:٣٩", None),
        ("2008:10:22 24:00:00", None),
    ],
)
def test_dates(text: str, expected: Moment | None) -> None:
    assert parse_clock(text) == expected


@given(naive_times, st.integers(-14 * 60, 14 * 60))
def test_a_written_date_is_read_back(local: datetime, offset: int) -> None:
    sign, (hours, minutes) = "+-"[offset < 0], divmod(abs(offset), 60)
    zone = f"{sign}{hours:02d}:{minutes:02d}"
    assert parse_clock(f"{local.isoformat(timespec='microseconds')}{zone}") == Moment(local, offset)
    exif = f"{local.year:04d}:{local:%m:%d %H:%M:%S}"
    assert parse_clock(exif, subseconds=f"{local.microsecond:06d}", offset=zone) == Moment(local, offset)
    iptc = parse_iptc_date(f"{local.year:04d}{local:%m%d}", f"{local:%H%M%S}{zone.replace(':', '')}")
    assert iptc == Moment(local.replace(microsecond=0), offset)


@given(st.text(), st.text(), st.text())
def test_any_text_gives_a_moment_of_a_sane_year_or_none(text: str, subseconds: str, offset: str) -> None:
    for found in (parse_clock(text, subseconds=subseconds, offset=offset), parse_iptc_date(text, offset)):
        assert found is None or found.local.year in YEARS
    assert parse_offset(offset) is None or abs(parse_offset(offset) or 0) <= 14 * 60


@given(st.from_regex(r"\d{4}[:-]\d{2}[:-]\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d*)?(Z|[+-]\d{1,2}:?\d{2})?", fullmatch=True))
def test_texts_shaped_as_dates_never_raise(text: str) -> None:
    found = parse_clock(text)
    assert found is None or (found.local.tzinfo is None and found.local.year in YEARS)


@given(st.floats())
def test_timestamps_give_utc_or_none(seconds: float) -> None:
    found = moment_of_timestamp(seconds)
    assert found is None or found.offset_minutes == 0


def test_timestamps() -> None:
    assert moment_of_timestamp(1_224_692_919) == moment(2008, 10, 22, 16, 28, 39, offset=0)
    assert moment_of_timestamp(-86_400) == moment(1969, 12, 31, offset=0)
    assert moment_of_timestamp(0) is None


def test_a_file_s_time_is_on_this_machine_s_clock() -> None:
    seconds = 1_224_692_919.5
    assert file_moment(seconds) == Moment(datetime.fromtimestamp(seconds))  # noqa: DTZ006 - the plain definition
    assert file_moment(1e300).local == datetime(1970, 1, 1)  # noqa: DTZ001
    assert file_moment(seconds + 1).local - file_moment(seconds).local == timedelta(seconds=1)
