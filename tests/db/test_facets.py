"""Facets: every count is what the filter of its name lets through, under all filters but the facet's own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from core.browsing import DateUnit, Facets
from core.pictures import Orientation, PictureFacts, TakenAt, TakenSource
from core.queries import Filters, Near
from db import LibraryReader, LibraryWriter, open_reader
from db.facet_places import MOST_PLACES, PlaceCounts
from db.facets import _unit
from db.records import ImportedRow
from tests.db.making import FACTS, Disk, index, unit

CAMERAS = (None, "Canon EOS 5D", "Canon EOS 5D Mark II", "NIKON D90")
LENSES = (None, "made for Canon EOS 5D", "50mm")
SHAPES = ((4, 3), (3, 4), (4, 4))
TAGS = ("beach", "Hund", "雪")


def facts_of(number: int) -> PictureFacts:
    width, height = SHAPES[number % 3]
    return replace(
        FACTS,
        taken=TakenAt(datetime.fromisoformat("2019-12-20") + timedelta(days=number), None, TakenSource.EXIF),
        camera=CAMERAS[number % 4],
        lens=LENSES[number % 3],
        format=("jpeg", "png", "heif")[number % 5 % 3],
        width=width,
        height=height,
        latitude=None if number % 4 == 3 else 48 + number / 10,
        longitude=None if number % 4 == 3 else 179.95 - number * 7 % 360,
    )


@pytest.fixture(params=["columns", "dirty", "sql"])
def reader(request: pytest.FixtureRequest, writer: LibraryWriter, disk: Disk, library: Path) -> Iterator[LibraryReader]:
    """Thirty pictures, some in several folders, one gone; whatever the columns hold of it."""
    for number in range(30):
        path = f"/p/{number % 3}/in {number % 2}/{number}".encode()
        disk.put(path, f"content {number % 26}")
        disk.facts[f"content {number % 26}"] = facts_of(number % 26)
    disk.put(b"/p/0/copy", "content 1")
    disk.put(b"/q/copy", "content 1")
    index(writer, disk, b"/p", b"/q")
    if request.param != "sql":
        writer.refresh_derived(writer.spaces()[0], exact_below=10**6, force=True)
    if request.param == "dirty":
        disk.put(b"/q/another copy", "content 2")
        disk.put(b"/q/new", "content 30")
        disk.facts["content 30"] = facts_of(30)
        del disk.files[b"/p/1/in 0/4"]
        index(writer, disk, b"/p", b"/q", prune=True)
    with open_reader(library) as opened:
        images = [image for number in (1, 3, 5) for image in opened.images_at(f"/p/{number % 3}".encode())[:number]]
    for at, name in enumerate(TAGS):
        writer.add_tags(images[at:], [name])
    with open_reader(library) as opened:
        yield opened


def many(reader: LibraryReader, filters: Filters) -> int:
    return reader.allowed_rows(reader.active_space(), filters)[1]


def facets(reader: LibraryReader, filters: Filters) -> Facets:
    return reader.facets(reader.active_space(), filters)


NARROWED = [
    Filters(),
    Filters(folders=(b"/p/1",)),
    Filters(camera="canon", orientation=Orientation.PORTRAIT),
    Filters(tags=("Beach",), taken_from=datetime.fromisoformat("2019-12-25")),
    Filters(near=Near(48.5, 170, 2_000), formats=("jpeg",)),
]


@pytest.mark.parametrize("filters", NARROWED)
def test_a_count_is_what_its_filter_would_let_through(reader: LibraryReader, filters: Filters) -> None:
    found = facets(reader, filters)
    assert found.total == many(reader, filters)
    for folder in found.folders:
        assert folder.count == many(reader, replace(filters, folders=(folder.path,))), folder
    for camera in found.cameras:
        assert camera.count == many(reader, replace(filters, camera=camera.name)), camera
    for tag in found.tags:
        assert tag.count == many(reader, replace(filters, tags=(tag.name,))), tag
    for one in found.formats:
        assert one.count == many(reader, replace(filters, formats=(one.name,))), one
    for shape in found.orientations:
        assert shape.count == many(reader, replace(filters, orientation=shape.orientation)), shape
    for part in found.dates.bins:
        start, before = (datetime.combine(day, datetime.min.time()) for day in (part.start, part.before))
        assert part.count == many(reader, replace(filters, taken_from=start, taken_before=before)), part
    for place in found.places:
        near = Near(place.latitude, place.longitude, place.radius_km)
        assert place.count <= many(reader, replace(filters, near=near)), place


@pytest.mark.parametrize("filters", NARROWED)
def test_nothing_is_left_out(reader: LibraryReader, filters: Filters) -> None:
    found = facets(reader, filters)
    anywhere = replace(filters, near=Near(0, 0, 30_000))
    assert sum(place.count for place in found.places) == many(reader, anywhere)
    any_time = replace(filters, taken_from=None, taken_before=None)
    assert sum(part.count for part in found.dates.bins) + found.dates.unknown == many(reader, any_time)
    any_shape = replace(filters, orientation=None)
    assert sum(shape.count for shape in found.orientations) == many(reader, any_shape)
    everywhere = replace(filters, folders=())
    roots = [folder.path for folder in found.folders if folder.path in {b"/p", b"/q"}]
    assert many(reader, replace(filters, folders=tuple(roots))) == many(reader, everywhere)


def test_folders_of_nothing_but_vectors_have_no_tree(writer: LibraryWriter, library: Path) -> None:
    space = writer.use_imported_space("fake", 16)
    rows = [ImportedRow(f"/x/{number % 2}/{number}".encode(), unit(str(number))) for number in range(3)]
    writer.import_rows(space, rows)
    with open_reader(library) as reader:
        found = facets(reader, Filters())
    assert [(folder.path, folder.count) for folder in found.folders] == [(b"/x/0", 2), (b"/x/1", 1)]
    assert (found.dates.bins, found.dates.unknown) == ((), 3)
    assert found.places == found.cameras == found.formats == found.orientations == ()


@pytest.mark.parametrize(
    ("days", "unit"),
    [(range(92), DateUnit.DAY), (range(93), DateUnit.MONTH), (range(0, 12_000, 40), DateUnit.MONTH),
     ([*range(0, 12_000, 20), 700_000], DateUnit.YEAR), ((), DateUnit.DAY)],
)  # fmt: skip
def test_bars_are_as_short_as_can_be_read(days: range | list[int], unit: DateUnit) -> None:
    assert _unit([date(1990, 1, 1) + timedelta(days=day) for day in days]) is unit


def test_the_calendar_may_end(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for at in ("0001-01-01", "9999-12-31"):
        disk.put(at.encode())
        disk.facts[at] = replace(FACTS, taken=TakenAt(datetime.fromisoformat(at), None, TakenSource.EXIF))
    index(writer, disk, *disk.files)
    with open_reader(library) as reader:
        bins = facets(reader, Filters()).dates.bins
    assert [(part.start.isoformat(), part.before.isoformat()) for part in bins] == [
        ("0001-01-01", "0001-01-02"),
        ("9999-12-31", "9999-12-31"),
    ]


def test_places_are_told_apart_where_there_is_most_to_tell() -> None:
    rng = np.random.default_rng(4)
    city, world = 4_000, 400
    latitude = np.concatenate([52.5 + rng.normal(0, 0.05, city), rng.uniform(-60, 70, world), [90, -90, np.nan]])
    longitude = np.concatenate([13.4 + rng.normal(0, 0.08, city), rng.uniform(-180, 180, world), [180, -180, 0]])
    fields = {"latitude": latitude.astype(np.float32), "longitude": longitude.astype(np.float32)}
    places = PlaceCounts(fields).of(np.ones(len(latitude), np.bool_))  # type: ignore[arg-type]
    assert sum(place.count for place in places) == city + world + 2
    assert 100 < len(places) <= MOST_PLACES
    in_the_city = [place for place in places if abs(place.latitude - 52.5) < 1 and abs(place.longitude - 13.4) < 1]
    assert 5 < len(in_the_city) < len(places) - 50
    assert max(place.radius_km for place in in_the_city) < 40
    assert PlaceCounts(fields).of(np.zeros(len(latitude), np.bool_)) == ()  # type: ignore[arg-type]
