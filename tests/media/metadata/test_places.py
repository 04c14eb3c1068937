"""Coordinates in and out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.metadata.found import Position
from media.metadata.places import degrees_of, parse_coordinate, position_of


@pytest.mark.parametrize(
    ("text", "letters", "expected"),
    [
        ("48,51.5N", "NS", 48 + 51.5 / 60),
        ("48,51,30N", "NS", 48 + 51.5 / 60),
        ("33,51,31.92S", "NS", -33.8588667),
        ("76,17.2284900W", "EW", -76.2871415),
        ("2.2945E", "EW", 2.2945),
        ("48,51.5E", "NS", None),
        ("48,51.5", "NS", None),
        ("48;51N", "NS", None),
        ("-48,51.5N", "NS", None),
        ("", "NS", None),
        ("1,2,3,4N", "NS", None),
    ],
)
def test_xmp_coordinates(text: str, letters: str, expected: float | None) -> None:
    assert parse_coordinate(text, letters) == (None if expected is None else pytest.approx(expected, abs=1e-7))


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_written_position_is_read_back(latitude: float, longitude: float) -> None:
    north, east = abs(latitude), abs(longitude)
    text = f"{int(north)},{(north % 1) * 60:.9f}{'NS'[latitude < 0]}"
    assert parse_coordinate(text, "NS") == pytest.approx(latitude, abs=1e-9)
    parts = (int(east), int(east % 1 * 60), east % 1 * 60 % 1 * 60)
    assert degrees_of(parts, "EW"[longitude < 0]) == pytest.approx(longitude, abs=1e-9)


@given(st.lists(st.floats(), max_size=5), st.text(max_size=3), st.floats() | st.none())
def test_any_numbers_give_a_place_on_earth_or_none(parts: list[float], reference: str, other: float | None) -> None:
    found = position_of(degrees_of(parts, reference), other)
    assert found is None or (abs(found.latitude) <= 90 and abs(found.longitude) <= 180)


def test_the_empty_sea_off_africa_is_no_position() -> None:
    assert position_of(0.0, 0.0) is None
    assert position_of(0.0, 6.61) == Position(0.0, 6.61)


def test_what_is_no_angle_has_no_degrees() -> None:
    assert degrees_of([-48.0, 51.0], "N") is None
    assert degrees_of([48.0, float("nan")], "N") is None
    assert degrees_of([48.0], "") is None
    assert degrees_of([48.0, 30.0], "s\0") == -48.5
