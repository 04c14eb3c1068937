"""What the page's panels decide without drawing it: bars of dates, folders, places, words, and lists to take away."""

import csv
import io
from datetime import date, timedelta
from itertools import pairwise

import pytest

from tests.browser.conftest import Run

SPEAKING = "(m, [call, ...values]) => import('http://page.test/js/i18n.js').then(async (i) => {await i.loadLanguage(); return m[call](...values)})"


def bins(*days: str) -> list[dict[str, object]]:
    return [
        {"from": day, "before": (date.fromisoformat(day) + timedelta(days=1)).isoformat(), "count": 2} for day in days
    ]


@pytest.mark.parametrize(
    ("days", "bars", "first", "last"),
    [
        (["2024-02-28", "2024-03-01"], 3, "2024-02-28", "2024-03-01"),
        (["2023-11-05", "2024-03-01"], 5, "2023-11-01", "2024-03-01"),
        (["2009-02-05", "2024-03-01"], 61, "2009-01-01", "2024-01-01"),
        (["1969-12-31", "2024-03-01"], 56, "1969-01-01", "2024-01-01"),
        (["1826-07-04", "2024-03-01"], 40, "1825-01-01", "2020-01-01"),
    ],
)
def test_bars_are_next_to_each_other_and_as_fine_as_there_is_room_for(run: Run, days, bars, first, last) -> None:
    found = run("periods", "(m, dates) => m.periodsOf(dates)", {"unit": "day", "bins": bins(*days)})["bins"]
    assert (len(found), found[0]["from"], found[-1]["from"]) == (bars, first, last)
    assert all(one["before"] == after["from"] for one, after in pairwise(found))
    assert sum(bar["count"] for bar in found) == 2 * len(days)
    assert found[0]["count"] == found[-1]["count"] == 2


def test_no_picture_with_a_date_is_no_bar(run: Run) -> None:
    assert run("periods", "(m, dates) => m.periodsOf(dates)", {"unit": "year", "bins": []})["bins"] == []


def test_a_folder_hangs_below_the_nearest_that_holds_it(run: Run) -> None:
    folders = [
        {"path": path, "name": "", "count": 1} for path in ("/p/b/c", "/p", "/p/a10", "/p/a2", "/pq", "/p/b/c/d/e")
    ]
    tree = run("folders", "(m, folders) => m.treeOf(folders)", folders)
    names = lambda nodes: [(node["path"], names(node["below"])) for node in nodes]  # noqa: E731
    assert names(tree) == [
        ("/p", [("/p/a2", []), ("/p/a10", []), ("/p/b/c", [("/p/b/c/d/e", [])])]),
        ("/pq", []),
    ]


@pytest.mark.parametrize(
    ("first", "before", "said"),
    [
        ("2024-01-01", "2025-01-01", "2024"),
        ("2019-01-01", "2025-01-01", "2019 – 2024"),
        ("2024-05-03", "2024-05-04", "May 3, 2024"),
        ("2024-05-03", "2024-06-01", "May 3, 2024 – May 31, 2024"),
        ("2024-01-01", "2024-06-01", "Jan 1, 2024 – May 31, 2024"),
        ("2024-05-03", "", "since May 3, 2024"),
        ("", "2024-01-01", "until 2023"),
    ],
)
def test_a_range_of_days_is_said_with_its_last_day(run: Run, first, before, said) -> None:
    assert run("filter-words", SPEAKING, ["rangeText", first, before]) == said


def test_sizes_are_said_as_people_read_them(run: Run) -> None:
    said = [run("i18n", SPEAKING, ["bytes", size]) for size in (0, 999, 4_194_304, 15_000_000_000)]
    assert said == ["0 bytes", "999 bytes", "4.19 MB", "15 GB"]


def test_a_place_is_called_by_the_large_city_beside_it(run: Run) -> None:
    named = "(m, place) => m.loadCities().then(() => m.cityNear(place))"
    assert run("cities", named, {"latitude": 48.8, "longitude": 2.5}) == "Paris"
    assert run("cities", named, {"latitude": 0.0, "longitude": -30.0}) == ""  # in the Atlantic
    typed = "(m, text) => m.placeTyped(text)"
    assert run("place-panel", typed, "kyoto") == {"latitude": 35, "longitude": 135.8}
    assert run("place-panel", typed, "-33.9; 151.2") == {"latitude": -33.9, "longitude": 151.2}
    assert run("place-panel", typed, "91, 0") is None
    assert run("place-panel", typed, "no such city") is None


def test_places_near_each_other_are_one_also_across_the_date_line(run: Run) -> None:
    places = [
        {"latitude": -17.0, "longitude": longitude, "radius_km": 1, "count": count}
        for longitude, count in ((179.95, 1), (-179.95, 5), (170.0, 3))
    ]
    found = run("cities", "(m, places) => m.gathered(places, 20)", places)
    assert [(place["longitude"], place["count"]) for place in found] == [(-179.95, 6), (170.0, 3)]
    assert found[0]["radius_km"] == pytest.approx(1 + 111.32 * 0.1 * 0.9563, abs=0.01)


def test_a_list_of_marked_files_is_read_as_it_was_written_and_holds_no_formula(run: Run) -> None:
    keep = {"path": "/p/a.jpg", "name": "a.jpg", "keep": True, "size_bytes": 9}
    odd = {"path": '/p/b, "c"\n.jpg', "name": "=HYPERLINK(1)", "keep": False, "size_bytes": 7}
    marking = """(m, files) => {
      const marks = m.createMarks();
      const group = {kind: 'identical', files};
      marks.set(files.map((file) => ({file, group, on: !file.keep})));
      return [m.csvOf(marks.all()), m.pathsOf(marks.all())];
    }"""
    table, paths = run("duplicate-marks", marking, [keep, odd])
    (row,) = csv.DictReader(io.StringIO(table, newline=""))
    assert (row["path"], row["kept_instead"], row["size_bytes"]) == (odd["path"], "/p/a.jpg", "7")
    assert row["name"] == "'=HYPERLINK(1)"
    assert paths == odd["path"] + "\n"


@pytest.mark.parametrize(
    ("picture", "room", "shown"),
    [
        ((4000, 3000), (1000, 900), (1000, 750)),
        ((3000, 4000), (1000, 900), (675, 900)),
        ((200, 100), (1000, 900), (400, 200)),
    ],
)
def test_a_picture_fits_and_a_small_one_is_not_blown_up(run: Run, picture, room, shown) -> None:
    sized = [dict(zip(("width", "height"), size, strict=True)) for size in (picture, room)]
    fitted = run("zoom", "(m, [picture, room]) => m.fitted(picture, room)", sized)
    assert (fitted["width"], fitted["height"]) == pytest.approx(shown)
