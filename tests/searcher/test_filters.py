import os
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from core.pictures import Orientation
from core.queries import Filters, Near
from searcher.filters import FilterTexts, make_filters, parse_date_range, parse_near, parse_types
from tests.searcher.memory import wall

DAYS = st.dates(min_value=date(1, 1, 1), max_value=date(9998, 12, 31))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2019", wall(2019, 1, 1), wall(2020, 1, 1)),
        ("2019-05", wall(2019, 5, 1), wall(2019, 6, 1)),
        ("2019-12", wall(2019, 12, 1), wall(2020, 1, 1)),
        ("2020-02-29", wall(2020, 2, 29), wall(2020, 3, 1)),
        ("2019..2021-06", wall(2019, 1, 1), wall(2021, 7, 1)),
        (" 2019-05-03 .. 2019-05-03 ", wall(2019, 5, 3), wall(2019, 5, 4)),
        ("..2020", None, wall(2021, 1, 1)),
        ("2019..", wall(2019, 1, 1), None),
        ("9999", wall(9999, 1, 1), None),
        ("9999-12-31", wall(9999, 12, 31), None),
        ("2019-5-3", wall(2019, 5, 3), wall(2019, 5, 4)),
    ],
)
def test_dates_and_ranges(text, start, end):
    assert parse_date_range(text) == (start, end)


@pytest.mark.parametrize(
    "text",
    ["", "..", "yesterday", "19", "2019-13", "2019-00", "2019-02-30", "0000", "2021..2019", "2019...2020", "2019..20x",
     "2019..2020..2021", "٢٠١٩", "2019-05-03T10:00"],
)  # fmt: skip
def test_what_is_no_date_is_refused(text):
    with pytest.raises(UsageError):
        parse_date_range(text)


@given(DAYS, DAYS, st.datetimes(min_value=wall(1, 1, 1), max_value=wall(9998, 12, 31)))
def test_a_range_holds_exactly_its_days(first, last, moment):
    first, last = min(first, last), max(first, last)
    start, end = parse_date_range(f"{first.isoformat()}..{last.isoformat()}")
    assert (start <= moment < end) == (first <= moment.date() <= last)


@given(DAYS, st.sampled_from(["%Y", "%Y-%m", "%Y-%m-%d"]), st.integers(-800, 800))
def test_a_period_holds_exactly_the_days_that_are_written_like_it(day, form, away):
    def written(one: date) -> str:
        return f"{one.year:04d}-{one.month:02d}-{one.day:02d}"[: {"%Y": 4, "%Y-%m": 7, "%Y-%m-%d": 10}[form]]

    start, end = parse_date_range(written(day))
    try:
        other = day + timedelta(days=away)
    except OverflowError:
        return
    noon = wall(other.year, other.month, other.day, 12)
    assert (start <= noon < end) == (written(other) == written(day))


@given(DAYS, DAYS)
def test_backwards_is_refused(first, last):
    if first > last:
        with pytest.raises(UsageError, match="backwards"):
            parse_date_range(f"{first.isoformat()}..{last.isoformat()}")


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(1e-6, 1e6))
def test_a_place_and_its_radius(latitude, longitude, radius):
    assert parse_near(f"{latitude},{longitude} , {radius}") == Near(latitude, longitude, radius)


@pytest.mark.parametrize(
    "text", ["", "1,2", "1,2,3,4", "a,b,c", "90.1,0,1", "0,180.1,1", "0,0,0", "0,0,-1", "nan,0,1", "0,nan,1", "0,0,nan",
             "0,0,inf", "inf,0,1"]
)  # fmt: skip
def test_what_is_no_place_is_refused(text):
    with pytest.raises(UsageError):
        parse_near(text)


def test_after_begins_with_the_first_moment_and_before_ends_with_it():
    filters = make_filters(FilterTexts(after="2019-05", before="2020"))
    assert (filters.taken_from, filters.taken_before) == (wall(2019, 5, 1), wall(2020, 1, 1))


def test_dates_narrow_each_other():
    filters = make_filters(FilterTexts(date="2018..2022", after="2019-05", before="2021-02-03"))
    assert (filters.taken_from, filters.taken_before) == (wall(2019, 5, 1), wall(2021, 2, 3))
    wide = make_filters(FilterTexts(date="2019", after="2001", before="2030"))
    assert (wide.taken_from, wide.taken_before) == parse_date_range("2019")


@pytest.mark.parametrize(
    "texts",
    [
        FilterTexts(after="2020", before="2020"),
        FilterTexts(date="2019", after="2020"),
        FilterTexts(date="2019", before="2019"),
        FilterTexts(date=""),
        FilterTexts(after=""),
        FilterTexts(after="2019..2020"),
        FilterTexts(near=""),
        FilterTexts(folders=("/photos", "")),
        FilterTexts(camera="  "),
        FilterTexts(orientation="diagonal"),
        FilterTexts(types=("",)),
    ],
)
def test_contradictions_and_empty_values_are_refused(texts):
    with pytest.raises(UsageError):
        make_filters(texts)


def test_types_by_name_and_extension():
    assert parse_types(["JPG", ".tif", "heic", "jp2", "pgm"]) == ("jpeg", "tiff", "jpeg2000", "heif", "ppm")
    assert parse_types(["jpg", "jpeg"]) == ("jpeg",)
    assert parse_types([]) == ()


def test_an_unknown_type_lists_the_known():
    with pytest.raises(UsageError, match=r"'doc'.*jpeg.*webp"):
        parse_types(["png", "doc"])


def test_folders_are_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    filters = make_filters(FilterTexts(folders=("a/../b/", "~/x", b"/odd\xff")))
    assert filters.folders == (os.fsencode(tmp_path / "b"), b"/home/me/x", b"/odd\xff")


def test_everything_at_once():
    texts = FilterTexts(camera=" canon ", near="1,2,3", orientation="Portrait", types=("png",))
    assert make_filters(texts) == Filters(
        camera="canon", near=Near(1, 2, 3), orientation=Orientation.PORTRAIT, formats=("png",)
    )
    assert not make_filters(FilterTexts())
