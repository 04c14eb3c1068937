"""All pictures by time: what the facts say in the same order, from the columns, past them, and with both."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.browsing import Browsed, TimeOrder
from core.errors import UsageError
from core.pictures import PictureFacts, TakenAt, TakenSource
from core.queries import Filters
from db import LibraryWriter, columns, open_reader, open_writer
from db.columns import COLUMNS, open_columns, write_columns
from db.connect import transaction
from db.records import ImportedRow
from tests.db.making import FACTS, Disk, index, unit

START = datetime.fromisoformat("1969-12-30")
SHAPES = [(400, 300), (3, 4), (7, 7), (1, 100_000), (100_000, 1)]


def browsed(library: Path, filters: Filters | None = None, order: TimeOrder = TimeOrder.NEWEST) -> Browsed:
    with open_reader(library) as reader:
        return reader.browse(reader.active_space(), filters or Filters(), order)


def facts_at(hours: float, shape: tuple[int, int] = (400, 300)) -> PictureFacts:
    taken = TakenAt(START + timedelta(hours=hours), None, TakenSource.EXIF)
    return replace(FACTS, taken=taken, width=shape[0], height=shape[1])


def ids_by_path(library: Path, paths: list[bytes]) -> list[int]:
    with open_reader(library) as reader:
        return [reader.images_at(path)[0] for path in paths]


hours = st.integers(0, 100)


@given(
    before=st.lists(st.tuples(hours, st.sampled_from(SHAPES)), max_size=12),
    after=st.lists(st.tuples(hours, st.sampled_from(SHAPES)), max_size=6),
    gone=st.sets(st.integers(0, 11)),
)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_the_order_of_the_times_whatever_the_columns_hold(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[int, tuple[int, int]]],
    after: list[tuple[int, tuple[int, int]]],
    gone: set[int],
) -> None:
    library, disk = tmp_path_factory.mktemp("any") / "library", Disk()

    def put(pictures: list[tuple[int, tuple[int, int]]], first: int) -> None:
        for number, (hour, shape) in enumerate(pictures, first):
            disk.put(b"/p/%03d" % number)
            disk.facts[f"/p/{number:03}"] = facts_at(hour, shape)

    with open_writer(library, command="index") as writer:
        put(before, 0)
        index(writer, disk, b"/p")
        writer.refresh_derived(writer.spaces()[0], exact_below=10**6, force=True)
        put(after, len(before))
        for number in gone & set(range(len(before))):
            del disk.files[b"/p/%03d" % number]
        index(writer, disk, b"/p", prune=True)

    images = dict(zip(disk.files, ids_by_path(library, list(disk.files)), strict=True))
    paths = sorted(disk.files, key=lambda path: (disk.facts[path.decode()].taken.local, images[path]))
    found = [disk.facts[path.decode()] for path in paths]
    oldest, newest = browsed(library, order=TimeOrder.OLDEST), browsed(library)
    assert oldest.images.tolist() == [images[path] for path in paths]
    assert oldest.ratios.tolist() == [min(max(round(1000 * one.width / one.height), 1), 65535) for one in found]
    assert newest.images.tolist() == oldest.images.tolist()[::-1]
    assert newest.ratios.tolist() == oldest.ratios.tolist()[::-1]
    days = [one.taken.local.date() for one in found]
    assert oldest.days == tuple((day, days.index(day)) for day in sorted(set(days)))
    assert newest.days == tuple((day, days[::-1].index(day)) for day in sorted(set(days), reverse=True))


def test_pictures_without_a_time_come_last_either_way(writer: LibraryWriter, library: Path) -> None:
    space = writer.use_imported_space("fake", 16)
    writer.import_rows(space, [ImportedRow(b"/x/%d" % number, unit(str(number))) for number in range(3)])
    for order in TimeOrder:
        found = browsed(library, order=order)
        assert found.images.tolist() == ids_by_path(library, [b"/x/0", b"/x/1", b"/x/2"])
        assert found.ratios.tolist() == [0, 0, 0]
        assert found.days == ((None, 0),)


def test_only_what_the_filters_let_through(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number, folder in enumerate((b"a", b"b", b"a", b"b")):
        disk.put(b"/p/%b/%d" % (folder, number))
        disk.facts[f"/p/{folder.decode()}/{number}"] = facts_at(24 * number)
    index(writer, disk, b"/p")
    found = browsed(library, Filters(folders=(b"/p/a",)))
    assert found.images.tolist() == ids_by_path(library, [b"/p/a/2", b"/p/a/0"])
    assert found.days == ((date(1970, 1, 1), 0), (date(1969, 12, 30), 1))
    assert len(browsed(library, Filters(folders=(b"/q",)))) == 0
    with pytest.raises(UsageError, match="no picture has the tag"):
        browsed(library, Filters(tags=("nothing",)))


def test_asked_again_it_is_the_same_object_until_something_is_written(
    writer: LibraryWriter, disk: Disk, library: Path
) -> None:
    disk.put(b"/p/1")
    index(writer, disk, b"/p")
    with open_reader(library) as reader:
        space = reader.active_space()
        first = reader.browse(space, Filters(), TimeOrder.NEWEST)
        assert reader.browse(space, Filters(), TimeOrder.NEWEST) is first
        with pytest.raises(ValueError, match="read-only"):
            first.images[0] = 7
    disk.put(b"/p/2")
    index(writer, disk, b"/p")
    assert len(browsed(library)) == 2


def test_columns_of_before_there_was_a_shape_are_passed_over(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/1")
    disk.put(b"/p/2")
    index(writer, disk, b"/p")
    expected = browsed(library).ratios.tolist()
    generation = writer.generation(writer.spaces()[0]).id
    write_columns(writer.store, generation)
    path = next((library / "spaces").rglob("columns.*"))
    with path.open("rb") as file:
        fields = [np.lib.format.read_array(file) for _ in COLUMNS.names or ()]
        rest = file.read()
    with path.open("w+b") as file:
        for name, values in zip(COLUMNS.names or (), fields, strict=True):
            if name != "ratio":
                np.lib.format.write_array(file, values, (1, 0))
        file.write(rest)
        digest = columns._digest(file)
    with transaction(writer.store) as conn:
        conn.exec_driver_sql("UPDATE generation SET columns_digest = ?", (digest,))
    assert open_columns(writer.store, generation) is None
    assert browsed(library).ratios.tolist() == expected == [1333, 1333]
    writer.refresh_derived(writer.spaces()[0], exact_below=10**6)
    assert open_columns(writer.store, generation) is not None
